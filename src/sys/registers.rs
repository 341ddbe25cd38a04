//! The processor's registers as a signal found them. One architecture's names live here and nowhere else.

/// Registers by name, in the order of the manuals.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    pub named: [(&'static str, u64); COUNT],
}

#[cfg(target_arch = "x86_64")]
const COUNT: usize = 18;
#[cfg(target_arch = "aarch64")]
const COUNT: usize = 34;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const COUNT: usize = 0;

/// The address of the instruction that was to run next.
#[cfg(target_arch = "x86_64")]
pub(super) fn instruction(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize
}

/// The address of the instruction that was to run next.
#[cfg(target_arch = "aarch64")]
pub(super) fn instruction(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.pc as usize
}

/// The address of the instruction that was to run next: not known on this architecture.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn instruction(_: &libc::ucontext_t) -> usize {
    0
}

#[cfg(target_arch = "x86_64")]
pub(super) fn all(context: &libc::ucontext_t) -> Registers {
    let of = |index: libc::c_int| context.uc_mcontext.gregs[index as usize] as u64;
    Registers {
        named: [
            ("RAX", of(libc::REG_RAX)),
            ("RBX", of(libc::REG_RBX)),
            ("RCX", of(libc::REG_RCX)),
            ("RDX", of(libc::REG_RDX)),
            ("RDI", of(libc::REG_RDI)),
            ("RSI", of(libc::REG_RSI)),
            ("RBP", of(libc::REG_RBP)),
            ("RSP", of(libc::REG_RSP)),
            ("R8 ", of(libc::REG_R8)),
            ("R9 ", of(libc::REG_R9)),
            ("R10", of(libc::REG_R10)),
            ("R11", of(libc::REG_R11)),
            ("R12", of(libc::REG_R12)),
            ("R13", of(libc::REG_R13)),
            ("R14", of(libc::REG_R14)),
            ("R15", of(libc::REG_R15)),
            ("RIP", of(libc::REG_RIP)),
            ("EFL", of(libc::REG_EFL)),
        ],
    }
}

#[cfg(target_arch = "aarch64")]
pub(super) fn all(context: &libc::ucontext_t) -> Registers {
    const NAMES: [&str; 31] = [
        "X0", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9", "X10", "X11", "X12", "X13", "X14", "X15",
        "X16", "X17", "X18", "X19", "X20", "X21", "X22", "X23", "X24", "X25", "X26", "X27", "X28", "X29",
        "X30",
    ];
    let mut named = [("", 0); COUNT];
    for (slot, register) in named.iter_mut().zip(NAMES.into_iter().zip(context.uc_mcontext.regs)) {
        *slot = register;
    }
    named[31] = ("SP", context.uc_mcontext.sp);
    named[32] = ("PC", context.uc_mcontext.pc);
    named[33] = ("PST", context.uc_mcontext.pstate);
    Registers { named }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn all(_: &libc::ucontext_t) -> Registers {
    Registers { named: [] }
}
