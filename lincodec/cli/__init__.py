"""The command line: parsing, printing and exit codes; no logic beyond them.

Threads are set here, before a library that reads the settings is loaded: NumPy's products are
small and run beside others, so that a second thread of theirs only takes a core from those.
Threads of PyTorch that wait spin some microseconds only: the cores are wanted elsewhere, but going
to sleep between the small steps of a search takes longer than they do. A setting of the user's
own comes first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "3000")
