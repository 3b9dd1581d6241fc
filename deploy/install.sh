#!/bin/sh
# Makes a Debian server (12 or newer) run Tipoff as a service. docs/how_to/server.md tells the whole way.
#
# It may be run again at any time: what is there already is left alone, the configuration and the keys always. With a
# newer wheel it is the upgrade. What it does is printed, a line a step.
set -eu

usage() {
    cat <<'END'
usage: install.sh --wheel FILE [--prometheus] [--grafana] [--root DIR] [--dry-run]
       install.sh --settings-only  [the same]

  --wheel FILE     the wheel to install into /opt/tipoff, with everything that it needs, pinned and hashed
  --settings-only  leave /opt/tipoff as it is: units, group and configuration only
  --prometheus     put our rules and our prometheus.yml into /etc/prometheus; a former one is kept beside it
  --grafana        put the dashboard and its provisioning where Grafana looks for them
  --root DIR       write below DIR, start nothing: for a look, or for an image
  --dry-run        say what would be done, change nothing
END
}

fail() { echo "install.sh: $1" >&2; exit 2; }

root="" wheel="" dry=no settings_only=no prometheus=no grafana=no
while [ $# -gt 0 ]; do
    case $1 in
        --wheel | --root) [ $# -ge 2 ] || fail "$1 needs a value" ;;
    esac
    case $1 in
        --wheel) wheel=$2; shift ;;
        --root) root=${2%/}; shift ;;
        --settings-only) settings_only=yes ;;
        --prometheus) prometheus=yes ;;
        --grafana) grafana=yes ;;
        --dry-run) dry=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; fail "$1: no such switch" ;;
    esac
    shift
done

here=$(cd "$(dirname "$0")" && pwd)
venv=$root/opt/tipoff
settings=$root/etc/tipoff/engine.toml

# Everything is looked at before anything is changed.
if [ $settings_only = no ]; then
    [ -n "$wheel" ] || fail "name the wheel: --wheel dist/tipoff-....whl (make wheel builds it), or --settings-only"
    [ -f "$wheel" ] || fail "$wheel: no such file"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || fail "python3 is missing or older than 3.11"
    python3 -c 'import ensurepip' 2>/dev/null || fail "Python's venv is missing: apt-get install python3-venv"
elif [ $dry = no ] && [ ! -x "$venv/bin/tipoff" ]; then
    fail "$venv/bin/tipoff is not there yet: install it by --wheel FILE first"
fi
if [ -z "$root" ] && [ $dry = no ]; then
    [ "$(id -u)" = 0 ] || fail "only root may install it: sudo $0 ..."
fi
command -v systemd-sysusers >/dev/null || fail "systemd-sysusers is missing: this needs systemd 252 or newer"

run() {
    if [ $dry = yes ]; then echo "would run: $*"; else "$@"; fi
}

# What was done, where it was done.
told() {
    if [ $dry = no ]; then echo "$1"; fi
}

# put FROM TO: a file of ours, written only where it differs.
put() {
    if cmp -s "$1" "$root$2"; then
        echo "unchanged  $2"
    else
        run install -D -m 0644 "$1" "$root$2"
        told "written    $2"
    fi
}

# folder MODE PATH: a folder that is there already keeps its owner and its mode.
folder() {
    if [ -d "$root$2" ]; then
        echo "unchanged  $2"
    else
        run install -d -m "$1" "$root$2"
        told "made       $2"
    fi
}

if [ $settings_only = no ]; then
    [ -x "$venv/bin/python" ] || run python3 -m venv "$venv"
    run "$venv/bin/python" -m pip --disable-pip-version-check --quiet install \
        --require-hashes --requirement "$here/../requirements/runtime.txt"
    run "$venv/bin/python" -m pip --disable-pip-version-check --quiet install --no-deps --force-reinstall "$wheel"
    told "installed  /opt/tipoff from $(basename "$wheel")"
fi

# Whoever is in this group may operate the daemon through its socket.
put "$here/tipoff.sysusers.conf" /usr/lib/sysusers.d/tipoff.conf
# systemd-sysusers locks a file in /etc, which must be there.
folder 0755 /etc/tipoff
run systemd-sysusers --root="${root:-/}" tipoff.conf

if [ -e "$settings" ]; then
    echo "unchanged  /etc/tipoff/engine.toml"
else
    # Where the unit keeps things; every other key has its default.
    run "$venv/bin/tipoff" init --out "$settings"
    run sed -i \
        -e 's|^state_directory = "state"$|state_directory = "/var/lib/tipoff"|' \
        -e 's|^socket = "control.sock"$|socket = "/run/tipoff/control.sock"|' \
        -e 's|^group = ""$|group = "tipoff-operators"|' "$settings"
    # The service runs under a user of its own, which must be able to read it. No secret is in it.
    run chmod 0644 "$settings"
    told "written    /etc/tipoff/engine.toml"
fi
folder 0700 /etc/credstore

put "$here/tipoff.service" /etc/systemd/system/tipoff.service
put "$here/operators.conf" /etc/systemd/system/tipoff.service.d/operators.conf
put "$here/tipoff-backup.service" /etc/systemd/system/tipoff-backup.service
put "$here/tipoff-backup.timer" /etc/systemd/system/tipoff-backup.timer

if [ $prometheus = yes ]; then
    former=$root/etc/prometheus/prometheus.yml
    if [ -e "$former" ] && ! cmp -s "$here/prometheus/prometheus.yml" "$former"; then
        [ -e "$former.before-tipoff" ] || run cp -p "$former" "$former.before-tipoff"
        told "kept       /etc/prometheus/prometheus.yml.before-tipoff"
    fi
    put "$here/prometheus/tipoff.rules.yml" /etc/prometheus/tipoff.rules.yml
    put "$here/prometheus/prometheus.yml" /etc/prometheus/prometheus.yml
fi
if [ $grafana = yes ]; then
    put "$here/grafana/provisioning/dashboards/tipoff.yml" /etc/grafana/provisioning/dashboards/tipoff.yml
    put "$here/grafana/provisioning/datasources/tipoff.yml" /etc/grafana/provisioning/datasources/tipoff.yml
    put "$here/grafana/dashboards/tipoff.json" /var/lib/grafana/dashboards/tipoff/tipoff.json
fi

if [ -n "$root" ] || [ ! -d /run/systemd/system ]; then
    echo "nothing was started: systemd does not run here. On the server:"
    echo "    systemctl daemon-reload && systemctl enable --now tipoff tipoff-backup.timer"
else
    run systemctl daemon-reload
    run systemctl enable --now tipoff.service tipoff-backup.timer
    told "running. Look at it: /opt/tipoff/bin/tipoff status --socket /run/tipoff/control.sock"
fi
