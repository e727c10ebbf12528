/* What Windows calls when it loads the library. A C runtime would bring its own; the core has nothing to set up. */
#if defined(_WIN32)

int DllMainCRTStartup(void *instance, unsigned long reason, void *reserved);

int DllMainCRTStartup(void *instance, unsigned long reason, void *reserved) {
    (void)instance;
    (void)reason;
    (void)reserved;
    return 1;
}

#endif
