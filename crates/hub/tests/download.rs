//! Downloads from a server that plays the hub.
#![cfg(feature = "download")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use server::{COMMIT, Served, Server, etag, sha256};
use zonos_hub::{Cache, Error, Hub, HubOptions, Progress, RemoteFile, Repo, Stage, Token, Tuning, Wanted};

/// A server, an empty cache, and how one speaks to the other.
struct Setting {
    server: Server,
    folder: tempfile::TempDir,
    options: HubOptions,
}

impl Setting {
    fn new() -> Self {
        let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
        let options = HubOptions {
            endpoint: server.address.clone(),
            token: None,
            cache: Cache::at(folder.path()),
            offline: false,
            tuning: Tuning {
                retry_pause: Duration::ZERO,
                patience: Duration::from_secs(20),
                piece_bytes: 1000,
                ..Tuning::default()
            },
        };
        Self { server, folder, options }
    }

    fn download(&self, wanted: &[Wanted]) -> zonos_hub::Result<Vec<PathBuf>> {
        Hub::new(self.options.clone()).download(wanted, &|_| true)
    }

    fn fetch(&self, path: &str) -> zonos_hub::Result<Vec<u8>> {
        let paths = self.download(&[wanted(path)])?;
        Ok(fs::read(&paths[0]).unwrap())
    }

    #[track_caller]
    fn refused(&self, path: &str) -> String {
        let message = self.fetch(path).unwrap_err().to_string();
        assert_eq!(self.options.cache.find(&wanted(path).file), None);
        message
    }

    /// Names of the files in the repository's folder `blobs`, sorted.
    fn blobs(&self) -> Vec<String> {
        let items = fs::read_dir(self.folder.path().join("models--org--name/blobs")).unwrap();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn wanted(path: &str) -> Wanted {
    let file = RemoteFile::new(Repo::new("org/name", "main").unwrap(), path).unwrap();
    Wanted { file, size: None, sha256: None }
}

/// Bytes of which no two thousand are alike.
fn content(size: u32) -> Vec<u8> {
    (0..size).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn large(size: u32) -> Served {
    Served { content: content(size), large: true, ..Served::default() }
}

#[test]
fn files_arrive_where_other_programs_look_for_them() {
    let setting = Setting::new();
    let small = Served { content: b"{}".to_vec(), ..Served::default() };
    setting.server.serve("org/name/sub/config.json", small.clone());
    setting.server.serve("org/name/model.bin", large(5_500));
    let paths = setting.download(&[wanted("sub/config.json"), wanted("model.bin")]).unwrap();
    let root = setting.folder.path().join("models--org--name");
    assert_eq!(paths[0], root.join("snapshots").join(COMMIT).join("sub/config.json"));
    assert_eq!(fs::read(&paths[0]).unwrap(), b"{}");
    assert_eq!(fs::read(&paths[1]).unwrap(), content(5_500));
    assert_eq!(fs::read_to_string(root.join("refs/main")).unwrap(), COMMIT);
    let mut expected = [etag(&small), sha256(&content(5_500))];
    expected.sort();
    assert_eq!(setting.blobs(), expected);
    assert_eq!(setting.options.cache.find(&wanted("model.bin").file).as_ref(), Some(&paths[1]));
    #[cfg(unix)]
    assert_eq!(fs::read_link(&paths[0]).unwrap(), Path::new("../../../blobs").join(etag(&small)));
}

#[test]
fn large_files_come_in_several_ranges_and_small_ones_in_one() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(5_500));
    setting.server.serve("org/name/tiny.bin", large(999));
    setting.server.serve("org/name/empty.txt", Served::default());
    assert_eq!(setting.fetch("model.bin").unwrap(), content(5_500));
    assert_eq!(setting.fetch("tiny.bin").unwrap(), content(999));
    assert_eq!(setting.fetch("empty.txt").unwrap(), b"");
    let mut ranges: Vec<_> =
        setting.server.gets("org/name/model.bin").into_iter().map(|request| request.range.unwrap()).collect();
    ranges.sort();
    let expected = ["bytes=0-1099", "bytes=1100-2199", "bytes=2200-3299", "bytes=3300-4399", "bytes=4400-5499"];
    assert_eq!(ranges, expected);
    assert_eq!(setting.server.gets("org/name/tiny.bin").len(), 1);
    assert_eq!(setting.server.gets("org/name/empty.txt").len(), 0);
}

#[test]
fn what_is_here_is_not_fetched_again() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(2_500));
    setting.fetch("model.bin").unwrap();
    let count = setting.server.gets("org/name/model.bin").len();
    setting.fetch("model.bin").unwrap();
    assert_eq!(setting.server.gets("org/name/model.bin").len(), count);
}

#[test]
fn a_new_commit_with_the_same_content_is_a_link_only() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(2_500));
    setting.fetch("model.bin").unwrap();
    let count = setting.server.gets("org/name/model.bin").len();
    let commit = "f".repeat(40);
    setting.server.change("org/name/model.bin", |file| file.headers = vec![("X-Repo-Commit", commit.clone())]);
    let path = setting.download(&[wanted("model.bin")]).unwrap().remove(0);
    assert!(path.to_str().unwrap().contains(&commit), "{path:?}");
    assert_eq!(setting.server.gets("org/name/model.bin").len(), count);
    assert_eq!(setting.blobs().len(), 1);
}

#[test]
fn cut_connections_are_taken_up_where_they_broke_off() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { cuts: 1, cut_after: 300, ..large(900) });
    assert_eq!(setting.fetch("model.bin").unwrap(), content(900));
    let ranges: Vec<_> =
        setting.server.gets("org/name/model.bin").into_iter().map(|request| request.range.unwrap()).collect();
    assert_eq!(ranges, ["bytes=0-899", "bytes=300-899"]);
}

#[test]
fn every_piece_survives_many_cuts() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { cuts: 40, cut_after: 150, ..large(9_000) });
    assert_eq!(setting.fetch("model.bin").unwrap(), content(9_000));
    assert_eq!(setting.blobs(), [sha256(&content(9_000))]);
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { busy: 3, ..large(900) });
    assert_eq!(setting.fetch("model.bin").unwrap(), content(900));
    setting.server.serve("org/name/other.bin", Served { busy: 99, ..large(901) });
    let message = setting.refused("other.bin");
    assert!(message.contains("503") && message.contains("try again later"), "{message}");
}

#[test]
fn a_download_that_broke_off_is_resumed_by_the_next() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { cuts: 1, cut_after: 400, ..large(900) });
    let stop_at = |bytes: u64| move |progress: &Progress| progress.done < bytes;
    let hub = Hub::new(setting.options.clone());
    assert!(matches!(hub.download(&[wanted("model.bin")], &stop_at(400)), Err(Error::Stopped)));
    assert_eq!(setting.options.cache.find(&wanted("model.bin").file), None);
    assert_eq!(setting.options.cache.unfinished(&wanted("model.bin").file), 400);
    assert_eq!(setting.fetch("model.bin").unwrap(), content(900));
    let last = setting.server.gets("org/name/model.bin").pop().unwrap();
    assert_eq!(last.range.as_deref(), Some("bytes=400-899"));
    assert_eq!(setting.blobs(), [sha256(&content(900))]);
}

#[test]
fn connections_that_only_break_are_given_up_and_what_came_is_kept() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { cuts: usize::MAX, cut_after: 0, ..large(900) });
    let message = setting.refused("model.bin");
    assert!(message.contains("broke") && message.contains("run the same again"), "{message}");
    assert_eq!(setting.server.gets("org/name/model.bin").len(), 1 + setting.options.tuning.retries as usize);
}

#[test]
fn a_server_without_ranges_sends_the_whole_file() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { no_ranges: true, cuts: 1, cut_after: 700, ..large(5_500) });
    assert_eq!(setting.fetch("model.bin").unwrap(), content(5_500));
    setting.server.serve("org/name/small.bin", Served { no_ranges: true, cuts: 2, cut_after: 300, ..large(800) });
    assert_eq!(setting.fetch("small.bin").unwrap(), content(800));
}

#[test]
fn a_damaged_content_is_refused_and_fetched_anew() {
    let setting = Setting::new();
    for (path, large) in [("model.bin", true), ("config.json", false)] {
        let served = format!("org/name/{path}");
        let mut sent = content(2_500);
        sent[1_234] ^= 1;
        let file = Served { content: content(2_500), large, sent: Some(sent), ..Served::default() };
        setting.server.serve(&served, file);
        let message = setting.refused(path);
        assert!(message.contains("damaged") && message.contains(path), "{message}");
        setting.server.change(&served, |file| file.sent = None);
        assert_eq!(setting.fetch(path).unwrap(), content(2_500));
    }
    assert_eq!(setting.blobs().len(), 2);
}

#[test]
fn a_file_other_than_expected_is_refused_before_it_comes() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(900));
    let with = |size, sha256: &str| Wanted { size, sha256: Some(sha256.to_owned()), ..wanted("model.bin") };
    let right = sha256(&content(900)).to_ascii_uppercase();
    for wrong in [with(Some(901), &right), with(None, &"0".repeat(64))] {
        let message = setting.download(&[wrong]).unwrap_err().to_string();
        assert!(message.contains("another org/name/model.bin"), "{message}");
    }
    assert!(setting.server.gets("org/name/model.bin").is_empty());
    setting.download(&[with(Some(900), &right)]).unwrap();
}

#[test]
fn the_token_is_shown_to_the_hub_and_to_nobody_else() {
    let mut setting = Setting::new();
    setting.server.serve("org/name/model.bin", Served { token: Some("hf_secret"), ..large(2_500) });
    let message = setting.refused("model.bin");
    assert!(message.contains("401") && message.contains("HF_TOKEN"), "{message}");
    setting.options.token = Some(Token::new("hf_wrong", "HF_TOKEN").unwrap());
    let message = setting.refused("model.bin");
    assert!(message.contains("token from HF_TOKEN") && !message.contains("hf_wrong"), "{message}");
    setting.options.token = Some(Token::new("hf_secret", "HF_TOKEN").unwrap());
    assert_eq!(setting.fetch("model.bin").unwrap(), content(2_500));
    let requests = setting.server.requests();
    assert!(requests.iter().any(|request| request.elsewhere));
    assert!(requests.iter().filter(|request| request.elsewhere).all(|request| request.token.is_none()));
    assert_eq!(requests.last().unwrap().token, None);
}

#[test]
fn a_renamed_repository_is_followed_with_the_token() {
    let mut setting = Setting::new();
    setting.options.token = Some(Token::new("hf_secret", "HF_TOKEN").unwrap());
    let target = format!("/org/renamed/resolve/{COMMIT}/model.bin");
    let moved = |path: &str| Served {
        redirect: Some(path.to_owned()),
        headers: vec![("ETag", String::new()), ("X-Repo-Commit", String::new())],
        ..Served::default()
    };
    setting.server.serve("org/name/model.bin", moved(&target));
    setting.server.serve("org/renamed/model.bin", Served { token: Some("hf_secret"), ..large(2_500) });
    assert_eq!(setting.fetch("model.bin").unwrap(), content(2_500));
    setting.server.serve("org/name/loop.bin", moved("/org/name/resolve/main/loop.bin"));
    assert!(setting.refused("loop.bin").contains("redirects without end"));
    setting.server.serve("org/name/gone.bin", moved("gopher://x"));
    assert!(setting.refused("gone.bin").contains("redirects to nowhere"));
}

#[test]
fn refusals_are_told_in_one_sentence_each() {
    let setting = Setting::new();
    for (status, code, words) in [
        (401, "RepoNotFound", ["does not exist or is private", "HF_TOKEN"]),
        (401, "GatedRepo", ["is gated", "accept its conditions at"]),
        (403, "GatedRepo", ["is gated", "/org/name"]),
        (403, "", ["403", "org/name"]),
        (404, "EntryNotFound", ["there is no org/name/model.bin", "main"]),
        (429, "", ["429", "too many requests"]),
        (500, "", ["500", "try again later"]),
        (418, "", ["418", "org/name/model.bin"]),
    ] {
        setting.server.serve("org/name/model.bin", Served { refusal: Some((status, code)), ..large(900) });
        let message = setting.refused("model.bin");
        for word in words {
            assert!(message.contains(word), "{status} {code}: {message}");
        }
        assert!(!message.contains('\n'), "{message}");
    }
    assert!(setting.refused("other.bin").contains("there is no org/name/other.bin"));
}

#[test]
fn answers_that_name_no_commit_content_or_size_are_refused() {
    let setting = Setting::new();
    for (name, value) in [
        ("X-Repo-Commit", ""),
        ("X-Repo-Commit", "../../evil"),
        ("X-Linked-Etag", "\"../../../evil\""),
        ("X-Linked-Etag", "\"\""),
        ("X-Linked-Size", ""),
        ("X-Linked-Size", "many"),
        ("X-Linked-Size", "-1"),
    ] {
        let headers = vec![(name, value.to_owned())];
        setting.server.serve("org/name/model.bin", Served { headers, ..large(900) });
        let message = setting.refused("model.bin");
        assert!(message.contains("does not answer as the hub does"), "{name} {value}: {message}");
    }
    assert_eq!(fs::read_dir(setting.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_hub_that_is_not_there_is_told() {
    let mut setting = Setting::new();
    // A port that was free a moment ago, and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    setting.options.endpoint = format!("http://127.0.0.1:{port}");
    let message = setting.refused("model.bin");
    assert!(message.contains("cannot reach 127.0.0.1") && message.contains("HF_ENDPOINT"), "{message}");
}

#[test]
fn offline_nothing_is_asked() {
    let mut setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(900));
    setting.fetch("model.bin").unwrap();
    let count = setting.server.requests().len();
    setting.options.offline = true;
    assert_eq!(setting.fetch("model.bin").unwrap(), content(900));
    let message = setting.fetch("other.bin").unwrap_err().to_string();
    assert!(message.contains("org/name/other.bin") && message.contains("--offline"), "{message}");
    assert_eq!(setting.server.requests().len(), count);
}

#[test]
fn too_large_a_file_is_refused_before_it_comes() {
    let setting = Setting::new();
    let headers = vec![("X-Linked-Size", (1u64 << 60).to_string())];
    setting.server.serve("org/name/model.bin", Served { headers, ..large(900) });
    let message = setting.refused("model.bin");
    assert!(message.contains("has room for") && message.contains("HF_HOME"), "{message}");
    assert!(setting.server.gets("org/name/model.bin").is_empty());
}

#[test]
fn progress_never_goes_back_and_ends_with_everything() {
    let setting = Setting::new();
    setting.server.serve("org/name/a.bin", large(5_500));
    setting.server.serve("org/name/b.bin", large(700));
    let seen = Mutex::new(Vec::new());
    let listen = |progress: &Progress| {
        let Progress { file, stage, done, size, all_done, all_size } = *progress;
        seen.lock().unwrap().push((file.to_owned(), stage, done, size, all_done, all_size));
        true
    };
    Hub::new(setting.options.clone()).download(&[wanted("a.bin"), wanted("b.bin")], &listen).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|(.., done, size, all_done, all_size)| done <= size && all_done <= all_size));
    assert!(seen.iter().any(|(file, stage, done, ..)| file == "a.bin" && *stage == Stage::Checking && *done == 5_500));
    assert_eq!(seen.last().unwrap(), &("b.bin".to_owned(), Stage::Fetching, 700, 700, 6_200, 6_200));
}

#[test]
fn two_at_once_fetch_a_file_once() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(900));
    setting.server.hold(true);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| setting.fetch("model.bin").unwrap());
        setting.server.wait_for(|requests| requests.iter().any(|request| request.elsewhere));
        let second = scope.spawn(|| setting.fetch("model.bin").unwrap());
        setting.server.wait_for(|requests| requests.iter().filter(|request| request.method == "HEAD").count() == 2);
        setting.server.hold(false);
        assert_eq!(first.join().unwrap(), content(900));
        assert_eq!(second.join().unwrap(), content(900));
    });
    assert_eq!(setting.server.gets("org/name/model.bin").len(), 1);
}

#[test]
fn a_removed_file_is_gone_and_comes_again() {
    let setting = Setting::new();
    setting.server.serve("org/name/model.bin", large(900));
    setting.fetch("model.bin").unwrap();
    assert_eq!(setting.options.cache.remove(&wanted("model.bin").file).unwrap(), 900);
    assert_eq!(setting.options.cache.find(&wanted("model.bin").file), None);
    assert_eq!(setting.fetch("model.bin").unwrap(), content(900));
}
