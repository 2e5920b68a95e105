//! How groups change.

use std::collections::BTreeSet;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::base::jid::BareJid;
use crate::state::{Done, Effect, Event, Refusal};

use super::{Group, Groups, PEOPLE_MAX, Role, Shape};

/// Who is in a group, in which role.
type People = OrdMap<BareJid, Role>;

impl Groups {
    pub(super) fn create(&mut self, name: &str, shape: Shape) -> Result<Done, Refusal> {
        if self.contains(name) {
            return Err(Refusal::GroupExists(name.into()));
        }
        let group = shaped(name, &Group::default(), shape)?;
        Ok(self.put(&Arc::from(name), group))
    }

    pub(super) fn update(&mut self, name: &str, shape: Shape) -> Result<Done, Refusal> {
        let (name, old) = self.found(name)?;
        let group = shaped(&name, &old, shape)?;
        Ok(self.put(&name, group))
    }

    pub(super) fn delete(&mut self, name: &str) -> Result<Done, Refusal> {
        let (name, _) = self.found(name)?;
        let mut done = self.put(&name, Group::default());
        self.by_name.remove(&name);
        done.effects.push(Effect::GroupDeleted(name.to_string()));
        Ok(done)
    }

    pub(super) fn join(&mut self, jid: &BareJid, groups: &[String]) -> Result<Done, Refusal> {
        let full = |name: &&String| self.get(name).is_some_and(|group| group.role(jid).is_none() && group.people.len() >= PEOPLE_MAX);
        if let Some(name) = groups.iter().find(full) {
            return Err(Refusal::GroupFull(name.clone()));
        }
        let mut done = Done::default();
        for name in groups {
            // COMPAT(openfire): a group made in passing has an empty description rather than none (users.md §4.2).
            let absent = || (Arc::from(name.as_str()), Arc::new(Group { description: Some("".into()), ..Group::default() }));
            let (name, group) = self.found(name).unwrap_or_else(|_| absent());
            let mut group = Group::clone(&group);
            group.people.entry(jid.clone()).or_insert(Role::Member);
            done.events.extend(self.put(&name, group).events);
        }
        Ok(done)
    }

    pub(super) fn leave(&mut self, jid: &BareJid, groups: &[String]) -> Result<Done, Refusal> {
        let found = groups.iter().map(|name| self.found(name).map(|(name, _)| name)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.change(found, |people| {
            people.remove(jid);
        }))
    }

    pub(super) fn join_only(&mut self, jid: &BareJid, groups: &[String]) -> Result<Done, Refusal> {
        let mut done = self.join(jid, groups)?;
        let kept: BTreeSet<&str> = groups.iter().map(String::as_str).collect();
        let others = self.of(jid).filter(|name| !kept.contains(&***name));
        let others: Vec<Arc<str>> =
            others.filter(|name| self.get(name).is_some_and(|group| group.role(jid) == Some(Role::Member))).cloned().collect();
        let left = self.change(others, |people| {
            people.remove(jid);
        });
        done.events.extend(left.events);
        Ok(done)
    }

    /// Takes somebody who is no more out of every group.
    pub(super) fn forget(&mut self, jid: &BareJid) -> Done {
        let groups = self.of(jid).cloned().collect();
        self.change(groups, |people| {
            people.remove(jid);
        })
    }

    /// Somebody has another JID; the role stays, and the greater one of the two if the new JID was in the group already.
    pub(super) fn rename(&mut self, from: &BareJid, to: &BareJid) -> Done {
        let groups = self.of(from).cloned().collect();
        self.change(groups, |people| {
            let old = people.remove(from);
            let role = old.max(people.get(to).copied());
            people.extend(role.map(|role| (to.clone(), role)));
        })
    }

    fn found(&self, name: &str) -> Result<(Arc<str>, Arc<Group>), Refusal> {
        let found = self.by_name.get_key_value(name).ok_or_else(|| Refusal::GroupNotFound(name.into()))?;
        Ok((Arc::clone(found.0), Arc::clone(found.1)))
    }

    /// Changes who is in each of `groups`.
    fn change(&mut self, groups: Vec<Arc<str>>, how: impl Fn(&mut People)) -> Done {
        let mut done = Done::default();
        for name in groups {
            let Some(old) = self.by_name.get(&name) else { continue };
            let mut group = Group::clone(old);
            how(&mut group.people);
            done.events.extend(self.put(&name, group).events);
        }
        done
    }

    /// Stores a group, keeps the index true, and tells whom it brought together or parted.
    fn put(&mut self, name: &Arc<str>, group: Group) -> Done {
        let old = self.by_name.get(name).map(|old| Group::clone(old)).unwrap_or_default();
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for difference in old.people.diff(&group.people) {
            match difference {
                DiffItem::Add(jid, _) => joined.push(jid.clone()),
                DiffItem::Remove(jid, _) => left.push(jid.clone()),
                DiffItem::Update { .. } => {}
            }
        }
        for jid in &left {
            self.of.remove(jid, name);
        }
        for jid in &joined {
            self.of.insert(jid.clone(), Arc::clone(name));
        }
        let (joined, left) = match (old.shared, group.shared) {
            (false, false) => (Vec::new(), Vec::new()),
            (true, true) => (joined, left),
            (false, true) => (group.people().cloned().collect(), Vec::new()),
            (true, false) => (Vec::new(), old.people().cloned().collect()),
        };
        self.by_name.insert(Arc::clone(name), Arc::new(group));
        if joined.is_empty() && left.is_empty() {
            Done::default()
        } else {
            Done::with_event(Event::SharedGroupChanged { name: Arc::clone(name), joined, left })
        }
    }
}

/// `old` in another shape. A list that is not given stays as it is, but who is named admin is no mere member.
fn shaped(name: &str, old: &Group, shape: Shape) -> Result<Group, Refusal> {
    let Shape { description, shared, admins, members } = shape;
    let people = if admins.is_none() && members.is_none() { old.people.clone() } else { people(old, admins, members) };
    if people.len() > PEOPLE_MAX {
        return Err(Refusal::GroupFull(name.into()));
    }
    Ok(Group { description, shared, people })
}

fn people(old: &Group, admins: Option<Vec<BareJid>>, members: Option<Vec<BareJid>>) -> People {
    let kept = |role| old.with(role).cloned().collect();
    let members: Vec<BareJid> = members.unwrap_or_else(|| kept(Role::Member));
    let admins: Vec<BareJid> = admins.unwrap_or_else(|| kept(Role::Admin));
    let mut people: People = members.into_iter().map(|jid| (jid, Role::Member)).collect();
    people.extend(admins.into_iter().map(|jid| (jid, Role::Admin)));
    people
}
