//! This process itself: what it leaves behind when it crashes, and how it becomes another program.

use std::collections::BTreeMap;

use sternway_model::{Error, Result, Sensitive};

/// From now on nothing of this process's memory is written down when it crashes: secrets may be in it. What it starts inherits the
/// limit, because it may get secrets too; a program that wants its memory kept can raise it again (`ulimit -c`).
///
/// On Linux other programs of the same user can no longer look into the process either (`PR_SET_DUMPABLE`), debuggers included; what it
/// starts is not concerned.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub fn keep_memory_private() -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let failed = |error: rustix::io::Errno| Error::failed(format!("core dumps cannot be switched off: {error}"));
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum }).map_err(failed)?;
    // The limit does not count where dumps are handed to a program (core(5)).
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).map_err(failed)?;
    Ok(())
}

/// The system keeps such things only where an administrator asks for it.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn keep_memory_private() -> Result<()> {
    Ok(())
}

/// Becomes a program, with these variables beside its own: same process, same terminal, so that what ends one ends the other. It returns
/// only with an error, or with the exit code where the system cannot do that.
///
/// # Errors
/// If the program cannot be started.
pub fn become_program(program: &str, arguments: &[String], variables: &BTreeMap<String, Sensitive>) -> Result<i32> {
    let mut command = std::process::Command::new(program);
    command.args(arguments).envs(variables.iter().map(|(key, value)| (key, value.reveal())));
    let failed = |error: std::io::Error| Error::failed(format!("cannot start `{program}`: {error}"));
    #[cfg(unix)]
    return Err(failed(std::os::unix::process::CommandExt::exec(&mut command)));
    #[cfg(not(unix))]
    {
        use process_wrap::std::{CommandWrap, JobObject, KillOnDrop};
        let mut child = CommandWrap::from(command).wrap(JobObject).wrap(KillOnDrop).spawn().map_err(failed)?;
        Ok(child.wait().map_err(failed)?.code().unwrap_or(1))
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn a_crash_leaves_no_memory_behind() {
        keep_memory_private().expect("switched off");
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(dumpable_behavior().expect("known"), DumpableBehavior::NotDumpable);
        let limits = std::fs::read_to_string("/proc/self/limits").expect("its own files are still readable");
        assert!(limits.lines().any(|line| line.starts_with("Max core file size        0 ")), "{limits}");
        std::env::current_exe().expect("it still finds itself");
    }
}
