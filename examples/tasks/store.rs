//! Users and tasks, in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use gatefold::Identity;
use serde::{Deserialize, Serialize};

/// More tasks than this are refused, so that a stranger cannot fill the memory.
const MOST_TASKS: usize = 10_000;

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    pub(crate) admin: bool,
    pub(crate) token: String,
}

impl From<User> for Identity {
    fn from(user: User) -> Self {
        Identity::new(user.name).with_admin(user.admin)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) done: bool,
    pub(crate) owner: String,
}

/// What a client may write. In a partial update every field may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) title: Option<String>,
    pub(crate) done: Option<bool>,
}

/// A task as version 1 shows it.
#[derive(Debug, Serialize)]
pub(crate) struct TaskV1 {
    id: u64,
    title: String,
    done: bool,
    owner: String,
}

/// A task as version 2 shows it.
#[derive(Debug, Serialize)]
pub(crate) struct TaskV2 {
    id: u64,
    title: String,
    state: &'static str,
    owner: Owner,
}

#[derive(Debug, Serialize)]
struct Owner {
    name: String,
}

impl From<Task> for TaskV1 {
    fn from(task: Task) -> Self {
        let Task {
            id,
            title,
            done,
            owner,
        } = task;
        Self {
            id,
            title,
            done,
            owner,
        }
    }
}

impl From<Task> for TaskV2 {
    fn from(task: Task) -> Self {
        Self {
            id: task.id,
            title: task.title,
            state: if task.done { "done" } else { "open" },
            owner: Owner { name: task.owner },
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    users: Arc<[User]>,
    tasks: Arc<Mutex<BTreeMap<u64, Task>>>,
}

impl Store {
    /// Alice, Bob and an administrator, each with a token, and two tasks.
    pub(crate) fn new(tokens: [String; 3]) -> Self {
        let [alice, bob, admin] = tokens;
        let user = |name, password, admin, token| User {
            name,
            password,
            admin,
            token,
        };
        let store = Self {
            users: Arc::new([
                user("alice", "wonderland", false, alice),
                user("bob", "builder", false, bob),
                user("admin", "s3cret", true, admin),
            ]),
            tasks: Arc::default(),
        };
        store.add("alice", "Write the report".to_owned(), false);
        store.add("bob", "Fix the fence".to_owned(), true);
        store
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    // A real service keeps digests of tokens and passwords and looks up by digest.
    pub(crate) fn user_by_name(&self, name: &str) -> Option<User> {
        self.users.iter().find(|user| user.name == name).cloned()
    }

    pub(crate) fn user_by_token(&self, token: &str) -> Option<User> {
        self.users.iter().find(|user| user.token == token).cloned()
    }

    pub(crate) fn user_by_password(&self, name: &str, password: &str) -> Option<User> {
        let known = |user: &&User| user.name == name && user.password == password;
        self.users.iter().find(known).cloned()
    }

    pub(crate) fn list(&self) -> Vec<Task> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Task> {
        self.lock().get(&id).cloned()
    }

    /// `None` when the store is full.
    pub(crate) fn add(&self, owner: &str, title: String, done: bool) -> Option<Task> {
        let mut tasks = self.lock();
        let id = tasks.last_key_value().map_or(1, |(id, _)| id + 1);
        let task = Task {
            id,
            title,
            done,
            owner: owner.to_owned(),
        };
        (tasks.len() < MOST_TASKS).then(|| tasks.entry(id).or_insert(task).clone())
    }

    pub(crate) fn put(&self, task: Task) -> Task {
        self.lock().insert(task.id, task.clone());
        task
    }

    pub(crate) fn remove(&self, id: u64) {
        self.lock().remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Task>> {
        // The map is whole between any two calls, so a poisoned lock is no reason to stop.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
