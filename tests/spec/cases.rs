//! The recorded files held against the engine.

use super::file::{self, Group};
use super::replay::{self, Findings};
use crate::engine::house::House;
use spinel::engine::{Args, Spec};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files; SPEC=hash in the environment narrows them to those whose name begins so.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec");
    let wanted = std::env::var("SPEC").unwrap_or_default();
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "resp"))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&wanted)))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file begins with {wanted}");
    files
}

/// The groups that need nothing but an engine.
fn groups() -> Vec<Group> {
    let all = files().into_iter().flat_map(|path| file::read(&path));
    all.filter(|group| !group.needs_process && !group.later).collect()
}

/// The requests of a group whose commands do not exist although the recording server knew them.
fn unknown<'g>(house: &House, group: &'g Group) -> Vec<&'g str> {
    let unknown = group.steps.iter().filter(|step| {
        let words: Vec<&[u8]> = step.words.iter().map(Vec::as_slice).collect();
        let refused = step.expected(2).first().is_some_and(|(_, text)| text.starts_with("-ERR unknown"));
        !words.is_empty() && !refused && house.engine.commands.identify(&Args::new(&words)).is_none()
    });
    unknown.map(|step| step.text.as_str()).collect()
}

#[test]
fn groups_are_left_out_only_while_their_commands_are_missing() {
    let house = replay::house();
    for group in files().iter().flat_map(|path| file::read(path)) {
        let unknown = unknown(&house, &group);
        if group.later {
            assert!(!unknown.is_empty(), "{}: its commands are there: @later has to go", group.place);
        } else {
            assert!(unknown.is_empty(), "{}: there is no command for {unknown:?}", group.place);
        }
    }
}

fn report(findings: &Findings) {
    let shown: Vec<&str> = findings.iter().take(60).map(String::as_str).collect();
    assert!(findings.is_empty(), "{} differ:\n{}", findings.len(), shown.join("\n"));
}

#[test]
fn replies_are_as_recorded() {
    let mut findings = Findings::new();
    for group in groups() {
        for proto in group.protocols() {
            findings.extend(replay::plain(&mut replay::house(), &group, proto));
        }
    }
    report(&findings);
}

#[test]
fn replies_in_a_transaction_are_as_recorded() {
    let mut findings = Findings::new();
    for group in groups() {
        let mut house = replay::house();
        for proto in group.protocols() {
            if replay::fits_in_multi(&house, &group) {
                findings.extend(replay::in_multi(&mut house, &group, proto));
                house = replay::house();
            }
        }
    }
    report(&findings);
}

#[test]
fn the_log_replayed_gives_the_same_data() {
    let mut findings = Findings::new();
    for group in groups().iter().filter(|group| !group.no_log) {
        let proto = group.protocols()[0];
        let mut house = replay::house();
        house.record();
        replay::plain(&mut house, group, proto);
        findings.extend(replay::log(&mut house, group, "plain"));
        let mut house = replay::house();
        if replay::fits_in_multi(&house, group) {
            house.record();
            replay::in_multi(&mut house, group, proto);
            findings.extend(replay::log(&mut house, group, "in MULTI"));
        }
    }
    report(&findings);
}

#[test]
fn every_command_has_a_case() {
    let house = replay::house();
    let mut asked = BTreeSet::new();
    for step in files().iter().flat_map(|path| file::read(path)).flat_map(|group| group.steps) {
        let words: Vec<&[u8]> = step.words.iter().map(Vec::as_slice).collect();
        if let Some(id) =
            (!words.is_empty()).then(|| house.engine.commands.identify(&Args::new(&words))).flatten()
        {
            asked.insert(house.engine.commands.get(id).full_name.to_lowercase());
        }
    }
    let names = |spec: &&'static Spec| -> Vec<String> {
        let subs = spec.subcommands.iter().map(|sub| format!("{}|{}", spec.name, sub.name));
        std::iter::once(spec.name.to_string()).filter(|_| spec.subcommands.is_empty()).chain(subs).collect()
    };
    let all: Vec<String> = spinel::commands::all().iter().flat_map(names).collect();
    let missing: Vec<&String> = all.iter().filter(|name| !asked.contains(*name)).collect();
    assert!(missing.is_empty() || std::env::var_os("SPEC").is_some(), "no case for {missing:?}");
}
