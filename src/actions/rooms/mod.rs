//! Chat rooms: create, replace, destroy, affiliate, invite.

mod form;
mod rights;

use crate::base::jid::{Domain, Localpart};
use crate::state::affiliations::Affiliation;
use crate::state::rooms::{Address, Command as Chat, Draft, Named};
use crate::state::services::{domain_of, label};
use crate::state::{Command, Refusal, Reply, State};

use super::services::makes_missing;
use super::{Caller, Fault, Hearth, Invalid, Saying};

pub use form::{Form, Listed, NAME_MAX, TEXT_MAX, named};
pub use rights::history_kept;

/// A room as a path names it: the name of a service and the name of a room, neither of which need be legal.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The service.
    pub service: &'a str,
    /// The room.
    pub room: &'a str,
}

/// How affiliations are given.
#[derive(Clone, Copy, Debug)]
pub struct Giving {
    /// Which.
    pub affiliation: Affiliation,
    /// Whether nobody else keeps it.
    pub replace: bool,
    /// Whether those who did not have it are invited.
    pub invite: bool,
}

impl Hearth {
    /// Creates a room, or replaces everything that its owners decide.
    ///
    /// # Errors
    /// See rooms.md §5.4. Where several things are wrong, what can be seen without the state comes first.
    pub async fn put_room(&self, caller: &Caller, service: &str, form: Form, invite: bool) -> Result<(), Fault> {
        let state = self.local();
        let draft = self.draft(&state, service, form, invite)?;
        let there = state.rooms.get(&draft.address.service, &draft.address.room).is_some();
        let summary = format!("{} MUC room {}", if there { "updated" } else { "created new" }, draft.address.room);
        let saying = Saying::with(summary, details(&draft));
        self.act(caller, saying, Command::Rooms(Chat::Put(Box::new(draft)))).await.map(drop)
    }

    /// Does [`Hearth::put_room`] for many, one after another; answers for each whether it could be done.
    ///
    /// # Errors
    /// The cluster cannot answer.
    pub async fn put_rooms(&self, caller: &Caller, service: &str, forms: Vec<Form>, invite: bool) -> Result<Vec<Result<(), Fault>>, Fault> {
        let state = self.local();
        let checked: Vec<_> = forms.into_iter().map(|form| self.draft(&state, service, form, invite)).collect();
        let drafts: Vec<Draft> = checked.iter().filter_map(|draft| draft.as_ref().ok()).cloned().collect();
        let mut outcomes = self.put_drafts(caller, drafts).await?.into_iter();
        let outcome = |draft: Result<Draft, Invalid>| match draft {
            Err(invalid) => Err(Fault::Invalid(invalid)),
            Ok(_) => outcomes.next().flatten().map_or(Ok(()), |refusal| Err(Fault::Refused(refusal))),
        };
        Ok(checked.into_iter().map(outcome).collect())
    }

    async fn put_drafts(&self, caller: &Caller, drafts: Vec<Draft>) -> Result<Vec<Option<Refusal>>, Fault> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = drafts.iter().map(|draft| draft.address.room.as_str()).collect();
        let saying = Saying::with(format!("created or updated {} MUC rooms", drafts.len()), names.join("\n"));
        match self.act(caller, saying, Command::Rooms(Chat::PutEach(drafts))).await? {
            Reply::Each(outcomes) => Ok(outcomes),
            other => Err(Fault::Internal(format!("not an answer for each room: {other:?}"))),
        }
    }

    fn draft(&self, state: &State, service: &str, form: Form, invite: bool) -> Result<Draft, Invalid> {
        let server = self.domain();
        let domain = domain_of(service, server);
        let checked = form.check((service, domain.as_ref()), server)?;
        Ok(Draft {
            address: checked.address,
            service: makes_missing(state).then(|| label(service, server).to_owned()),
            permitted: rights::may_create(state, server, checked.entries.first().map(|entry| &entry.name)),
            settings: checked.settings,
            subject: checked.subject,
            created: checked.created,
            modified: checked.modified,
            entries: checked.entries,
            invite,
        })
    }

    /// Removes a room.
    ///
    /// # Errors
    /// [`Refusal::ServiceNotFound`], [`Refusal::RoomNotFound`], or the cluster cannot answer.
    pub async fn destroy_room(&self, caller: &Caller, place: Place<'_>) -> Result<(), Fault> {
        let address = self.address(place).await?;
        let saying = Saying::with(format!("destroyed MUC room {}", address.room), "reason = \nalt jid = ");
        let retire = rights::retires(&self.local());
        self.act(caller, saying, Command::Rooms(Chat::Destroy { address, retire })).await.map(drop)
    }

    /// Gives an affiliation to users and groups, each named as [`named`] reads it.
    ///
    /// # Errors
    /// See rooms.md §6.2–6.4.
    pub async fn affiliate(&self, caller: &Caller, place: Place<'_>, giving: Giving, entries: &[String]) -> Result<(), Fault> {
        let names = entries.iter().map(|entry| named(entry, self.domain())).collect::<Result<_, _>>()?;
        self.give(caller, place, giving, names, &entries.join(", ")).await
    }

    /// Gives an affiliation to a group.
    ///
    /// # Errors
    /// As [`Hearth::affiliate`]; [`Refusal::GroupNotFound`].
    pub async fn affiliate_group(&self, caller: &Caller, place: Place<'_>, giving: Giving, group: &str) -> Result<(), Fault> {
        self.give(caller, place, giving, vec![Named::Group(group.to_owned())], &format!("members of group {group}")).await
    }

    async fn give(&self, caller: &Caller, place: Place<'_>, giving: Giving, names: Vec<Named>, whom: &str) -> Result<(), Fault> {
        let Giving { affiliation, replace, invite } = giving;
        let address = self.address(place).await?;
        let summary = format!("set MUC affiliation to {} for {whom} in {}", affiliation.as_str(), address.room);
        let saying = if replace { Saying::with(summary, format!("all {}s", affiliation.as_str())) } else { Saying::new(summary) };
        self.act(caller, saying, Command::Rooms(Chat::Affiliate { address, affiliation, names, replace, invite })).await.map(drop)
    }

    /// Takes an affiliation from a user or group, named as [`named`] reads it.
    ///
    /// # Errors
    /// See rooms.md §6.5.
    pub async fn disaffiliate(&self, caller: &Caller, place: Place<'_>, affiliation: Affiliation, entry: &str) -> Result<(), Fault> {
        let name = named(entry, self.domain())?;
        self.take(caller, place, affiliation, name, entry).await
    }

    /// Takes an affiliation from a group.
    ///
    /// # Errors
    /// As [`Hearth::disaffiliate`]; [`Refusal::GroupNotFound`].
    pub async fn disaffiliate_group(&self, caller: &Caller, place: Place<'_>, affiliation: Affiliation, group: &str) -> Result<(), Fault> {
        self.take(caller, place, affiliation, Named::Group(group.to_owned()), &format!("members of group {group}")).await
    }

    async fn take(&self, caller: &Caller, place: Place<'_>, affiliation: Affiliation, name: Named, whom: &str) -> Result<(), Fault> {
        let address = self.address(place).await?;
        let saying = Saying::with(format!("set MUC affiliation to none for {whom} in {}", address.room), format!("was {}", affiliation.as_str()));
        self.act(caller, saying, Command::Rooms(Chat::Disaffiliate { address, affiliation, name })).await.map(drop)
    }

    /// Has a room invite users and the people in groups, each named as [`named`] reads it.
    ///
    /// # Errors
    /// See rooms.md §7.
    pub async fn invite(&self, caller: &Caller, place: Place<'_>, entries: &[String], reason: Option<String>) -> Result<(), Fault> {
        let names: Vec<Named> = entries.iter().map(|entry| named(entry, self.domain())).collect::<Result<_, _>>()?;
        let reason = form::bounded(reason, "reason", TEXT_MAX, place.room)?.map(String::from);
        let address = self.address(place).await?;
        if names.is_empty() {
            return find(&*self.read().await?, &address).map_err(Fault::from);
        }
        let saying = Saying::with(format!("invited to MUC room {}", address.room), entries.join("\n"));
        self.act(caller, saying, Command::Rooms(Chat::Invite { address, names, reason })).await.map(drop)
    }

    /// Where the room is, if the names are legal; else what is missing.
    async fn address(&self, place: Place<'_>) -> Result<Address, Fault> {
        match address(place, self.domain()) {
            Some(address) => Ok(address),
            None => Err(missing(&*self.read().await?, place, self.domain()).into()),
        }
    }
}

/// Where the room is, if the names are legal.
pub fn address(place: Place<'_>, server: &Domain) -> Option<Address> {
    Some(Address { service: domain_of(place.service, server)?, room: Localpart::parse(place.room).ok()? })
}

/// What is missing of a room that is not there: its service, or itself (rooms.md §3, Q22).
pub fn missing(state: &State, place: Place<'_>, server: &Domain) -> Refusal {
    match domain_of(place.service, server) {
        Some(service) if state.services.get(&service).is_some() => {
            Refusal::RoomNotFound(Localpart::parse(place.room).map_or_else(|_| place.room.to_owned(), |room| room.to_string()))
        }
        _ => Refusal::ServiceNotFound(place.service.to_owned()),
    }
}

fn find(state: &State, address: &Address) -> Result<(), Refusal> {
    if state.services.get(&address.service).is_none() {
        return Err(Refusal::ServiceNotFound(address.service.to_string()));
    }
    state.rooms.get(&address.service, &address.room).map(drop).ok_or_else(|| Refusal::RoomNotFound(address.room.to_string()))
}

fn details(draft: &Draft) -> String {
    let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or_default().to_owned();
    let settings = &draft.settings;
    format!(
        "subject = {}\nroomdesc = {}\nroomname = {}\nmaxusers = {}",
        text(&draft.subject),
        text(&settings.description),
        text(&settings.natural_name),
        settings.max_users
    )
}
