"""The sandbox of the unit, where no systemd runs: the mounts and the user that systemd/sockade.service and
its drop-ins ask for, made with unshare(1), mount(8) and setpriv(1).

Of the unit's settings these are reproduced: ProtectSystem=strict, ProtectHome=, PrivateTmp=, PrivateDevices=,
ProtectProc=, ProcSubset=, ProtectKernelTunables=, ProtectControlGroups=, InaccessiblePaths=, BindReadOnlyPaths=,
BindPaths=, CapabilityBoundingSet= (empty), NoNewPrivileges=, User= and its groups. System call filters are not.
"""

import pathlib
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "sockade.service"
UID = GID = 64990  # the user sockade
ENGINE_GID = 64991  # the group of the engine's socket

READ_ONLY = """
awk '{print $5}' /proc/self/mountinfo | while read -r point; do
    case $point in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$(printf %b "$point")" 2>/dev/null || : ;; esac
done
"""


def settings(*texts):
    """The lines of units, later ones in place of earlier ones; lists grow."""
    found = {}
    for text in texts:
        for line in text.splitlines():
            key, separator, value = line.strip().partition("=")
            if separator and not key.startswith("#"):
                if key in ("BindReadOnlyPaths", "BindPaths", "InaccessiblePaths"):
                    found.setdefault(key, []).extend(value.split())
                else:
                    found[key] = value
    return found


def cover(path, mode):
    path = shlex.quote(path)
    return "if [ -d %s ]; then mount -t tmpfs -o mode=%s tmpfs %s; fi\n" % (path, mode, path)


def put(number, path, options):
    """What was kept under that number appears at `path`."""
    path = shlex.quote(path)
    return ("if [ -d /mnt/{0} ]; then mkdir -p {1}; mount --rbind /mnt/{0} {1}; mount -o remount,bind,{2} {1}\n"
            "elif [ -e /mnt/{0} ]; then mkdir -p $(dirname {1}); [ -e {1} ] || : >{1}; mount --bind /mnt/{0} {1}; fi\n"
            ).format(number, path, options)


def keep(number, path):
    path = shlex.quote(path)
    return ("if [ -d {1} ]; then mkdir /mnt/{0}; mount --rbind {1} /mnt/{0}\n"
            "elif [ -e {1} ]; then : >/mnt/{0}; mount --bind {1} /mnt/{0}; fi\n").format(number, path)


def script(unit):
    shown = [(path.lstrip("-"), "ro") for path in unit.get("BindReadOnlyPaths", [])]
    shown += [(path.lstrip("-"), "rw") for path in unit.get("BindPaths", [])]
    text = READ_ONLY if unit.get("ProtectSystem") == "strict" else ""
    text += "mount -t tmpfs tmpfs /mnt\n" + "".join(keep(i, path) for i, (path, _) in enumerate(shown))
    if unit.get("ProtectHome") in ("yes", "tmpfs"):
        mode = "0755" if unit["ProtectHome"] == "tmpfs" else "0000"
        text += "".join(cover(path, mode) for path in ("/home", "/root", "/run/user"))
    if unit.get("PrivateTmp") == "yes":
        text += cover("/tmp", "1777") + cover("/var/tmp", "1777")
    text += "".join(cover(path.lstrip("-"), "0000") for path in unit.get("InaccessiblePaths", []))
    if unit.get("PrivateDevices") == "yes":
        text += ("mount -t tmpfs -o mode=0755 tmpfs /dev\n"
                 "mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/zero c 1 5; mknod -m 666 /dev/urandom c 1 9\n")
    hidepid = {"invisible": "hidepid=invisible,", "default": ""}[unit.get("ProtectProc", "default")]
    subset = "subset=pid," if unit.get("ProcSubset") == "pid" else ""
    text += "mount -t proc -o %s%snosuid proc /proc\n" % (hidepid, subset)
    text += "mount -o remount,bind,ro /sys; mount -o remount,bind,ro /sys/fs/cgroup 2>/dev/null || :\n"
    return text + "".join(put(i, *one) for i, one in enumerate(shown)) + "umount -l /mnt\n"


def prefix(*drop_ins):
    """What a program's command line has to begin with to run as the unit does."""
    unit = settings(UNIT.read_text(encoding="ascii"), *drop_ins)
    assert unit["CapabilityBoundingSet"] == "" and unit["NoNewPrivileges"] == "yes"
    enter = "set -e\n" + script(unit) + 'exec "$@"\n'
    return ["unshare", "--mount", "--propagation", "slave", "sh", "-c", enter, "sandbox",
            "setpriv", "--reuid", str(UID), "--regid", str(GID), "--groups", "%d,%d" % (GID, ENGINE_GID),
            "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]
