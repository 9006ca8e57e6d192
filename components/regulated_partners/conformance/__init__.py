"""Which of the emulator's rules a real tenant keeps: experiments on connectors of their own, and their report."""
