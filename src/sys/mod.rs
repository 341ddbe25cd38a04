//! The operating system: fork, signals, limits, clocks, entropy, memory. The only room that calls libc.
