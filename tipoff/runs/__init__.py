"""What a run is: its settings, plugins, recorded inputs and digest; used live and in replays."""
