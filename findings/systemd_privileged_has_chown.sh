#!/usr/bin/env bash
# systemd 252: `SystemCallFilter=~@privileged` takes chown away from a service, of its own files too.
#
# The guess was that @privileged holds what only root may do, so that a service without capabilities loses nothing by
# leaving it out. It holds @chown, which @system-service has: whoever may not be root, but gives a file of its own to a
# group that it is in, is refused. Our daemon did so with its control socket, and did not start. The unit allows @chown again.
set -euo pipefail
expected='@privileged has @chown; @system-service has @chown'
found=$(for set in @privileged @system-service; do
    systemd-analyze syscall-filter "$set" | grep -qx ' *@chown' && echo "$set has @chown" || echo "$set lacks it"
done | paste -sd ';' | sed 's/;/; /')
echo "$(systemctl --version | head -n 1): $found"
[ "$found" = "$expected" ] || { echo "expected: $expected; the behaviour has changed"; exit 1; }
