"""A file system that does not answer: FUSE, of which nobody reads the questions."""

import ctypes
import os
import stat

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2


def available():
    return os.geteuid() == 0 and os.path.exists("/dev/fuse")


class SilentFs:
    """Mounted at `path` until end(): who touches it waits, and after that gets an error."""

    def __init__(self, path):
        self.path = os.fsencode(path)
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = b"fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other" % (self.device, stat.S_IFDIR)
        if LIBC.mount(b"silent", self.path, b"fuse.silent", 0, options) != 0:
            error = ctypes.get_errno()
            os.close(self.device)
            self.device = -1
            raise OSError(error, os.strerror(error), path)

    def end(self):
        if self.device >= 0:
            os.close(self.device)
            self.device = -1
            LIBC.umount2(self.path, MNT_DETACH)
