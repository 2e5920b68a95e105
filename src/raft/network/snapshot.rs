//! Sending a snapshot: the file, then what is missing of the ledgers. Whoever receives less than all of it refuses it.

use std::io::{self, Read};
use std::sync::Arc;

use openraft::raft::SnapshotResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Channel;

use super::convert;
use crate::raft::codec;
use crate::raft::engine::{LedgerReader, Order, Space};
use crate::raft::pace::Pace;
use crate::raft::snapshot::SnapshotFile;
use crate::raft::types::{SnapshotMeta, TypeConfig, Vote};
use crate::wire::raft::raft_client::RaftClient;
use crate::wire::raft::snapshot_part::Part;
use crate::wire::raft::{LedgerEndsRequest, LedgerRecord, LedgerRecords, SnapshotHead, SnapshotPart};

/// How much of the file goes into one part, in bytes.
const PART: usize = 512 * 1024;
/// How many parts wait to be sent: as one is read, the one before it is on its way.
const WAITING: usize = 1;
/// How many times as long as a part took the next one is waited with.
const REST: u32 = 4;
/// How many records are read at a time.
const STEP: usize = 128;
/// How much one part of records holds, in bytes, unless a single one has more.
const RECORDS: usize = 64 * 1024;

/// Where parts go. Each is read and handed on, and then there is a rest.
struct Outlet {
    parts: mpsc::Sender<SnapshotPart>,
    pace: Pace,
}

impl Outlet {
    fn put(&mut self, part: Part) -> io::Result<()> {
        self.parts.blocking_send(SnapshotPart { part: Some(part) }).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.pace.rest();
        Ok(())
    }
}

type Snapshotted = openraft::alias::SnapshotOf<TypeConfig, SnapshotFile>;

/// Sends it and waits until it is installed.
pub async fn send(
    client: &mut RaftClient<Channel>,
    ledgers: Arc<dyn LedgerReader>,
    vote: Vote,
    snapshot: Snapshotted,
) -> Result<SnapshotResponse<TypeConfig>, Status> {
    let ends = client.ledger_ends(LedgerEndsRequest {}).await?.into_inner();
    let (parts, outgoing) = mpsc::channel(WAITING);
    let read = move || {
        let outlet = Outlet { parts, pace: Pace::of(REST) };
        read(&*ledgers, ends.audit, vote, &snapshot.meta, &snapshot.snapshot, outlet)
    };
    let reading = tokio::task::spawn_blocking(read);
    let answer = client.install_snapshot(ReceiverStream::new(outgoing)).await;
    match reading.await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Ok(Err(error)) => return Err(Status::internal(format!("the snapshot cannot be read: {error}"))),
    }
    Ok(SnapshotResponse::new(convert::from_vote(answer?.into_inner().vote)?))
}

fn read(ledgers: &dyn LedgerReader, audit: u64, vote: Vote, meta: &SnapshotMeta, file: &SnapshotFile, mut outlet: Outlet) -> io::Result<()> {
    let head = SnapshotHead { vote: Some(convert::vote(&vote)), meta: codec::encode_meta(meta)?, length: file.size() };
    outlet.put(Part::Head(head))?;
    read_file(file, &mut outlet)?;
    read_ledger(ledgers, Space::Audit, audit, &mut outlet)?;
    read_ledger(ledgers, Space::Messages, 0, &mut outlet)?;
    outlet.put(Part::End(true))
}

fn read_file(file: &SnapshotFile, outlet: &mut Outlet) -> io::Result<()> {
    let mut bytes = file.bytes();
    loop {
        let mut part = Vec::with_capacity(PART);
        (&mut bytes).take(PART as u64).read_to_end(&mut part)?;
        if part.is_empty() {
            return Ok(());
        }
        outlet.put(Part::File(part.into()))?;
    }
}

fn read_ledger(ledgers: &dyn LedgerReader, space: Space, mut from: u64, outlet: &mut Outlet) -> io::Result<()> {
    loop {
        let found = ledgers.range(space, from..u64::MAX, Order::Ascending, STEP)?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        from = last + 1;
        let (mut records, mut size) = (Vec::new(), 0);
        for (key, value) in found {
            size += value.len();
            records.push(LedgerRecord { key, value });
            if size > RECORDS {
                outlet.put(Part::Records(LedgerRecords { space: space as u32, records: std::mem::take(&mut records) }))?;
                size = 0;
            }
        }
        outlet.put(Part::Records(LedgerRecords { space: space as u32, records }))?;
    }
}
