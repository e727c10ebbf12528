"""The command line: parsing, printing and exit codes; no logic beyond them.

Threads are set here, before a library that reads the settings is loaded: NumPy's products are
small and run beside others, so that a second thread of theirs only takes a core from those, and
threads of PyTorch that wait must not spin. A setting of the user's own comes first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
