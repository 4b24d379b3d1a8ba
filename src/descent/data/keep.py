"""An experiment keeps the data that it is trained on."""

import os
import shutil

from descent.files import replacing


def keep(prepared, target):
    """Keep prepared tensors that may be removed, or made again.

    Parameters
    ----------
    prepared : path
        What `descent.data.prepare.prepare` wrote.
    target : path
        A hard link to it, which takes no space, or a copy where the file system has no such link.
    """
    with replacing(target) as part:
        try:
            os.link(prepared, part)
        except OSError:  # another file system, or another user's file
            shutil.copyfile(prepared, part)
