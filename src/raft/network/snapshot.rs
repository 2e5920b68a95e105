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
use crate::raft::snapshot::SnapshotFile;
use crate::raft::types::{SnapshotMeta, TypeConfig, Vote};
use crate::wire::raft::raft_client::RaftClient;
use crate::wire::raft::snapshot_part::Part;
use crate::wire::raft::{LedgerEndsRequest, LedgerRecord, LedgerRecords, SnapshotHead, SnapshotPart};

/// How much of the file goes into one part, in bytes.
const PART: usize = 512 * 1024;
/// How many parts wait to be sent.
const WAITING: usize = 4;
/// How many records are read at a time.
const STEP: usize = 512;
/// How much one part of records holds, in bytes, unless a single one has more.
const RECORDS: usize = 1024 * 1024;

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
    let read = move || read(&*ledgers, ends.audit, vote, &snapshot.meta, &snapshot.snapshot, &parts);
    let reading = tokio::task::spawn_blocking(read);
    let answer = client.install_snapshot(ReceiverStream::new(outgoing)).await;
    match reading.await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Ok(Err(error)) => return Err(Status::internal(format!("the snapshot cannot be read: {error}"))),
    }
    Ok(SnapshotResponse::new(convert::from_vote(answer?.into_inner().vote)?))
}

fn read(
    ledgers: &dyn LedgerReader,
    audit: u64,
    vote: Vote,
    meta: &SnapshotMeta,
    file: &SnapshotFile,
    parts: &mpsc::Sender<SnapshotPart>,
) -> io::Result<()> {
    let head = SnapshotHead { vote: Some(convert::vote(&vote)), meta: codec::encode_meta(meta)?, length: file.size() };
    put(parts, Part::Head(head))?;
    read_file(file, parts)?;
    read_ledger(ledgers, Space::Audit, audit, parts)?;
    read_ledger(ledgers, Space::Messages, 0, parts)?;
    put(parts, Part::End(true))
}

fn put(parts: &mpsc::Sender<SnapshotPart>, part: Part) -> io::Result<()> {
    parts.blocking_send(SnapshotPart { part: Some(part) }).map_err(|_| io::ErrorKind::BrokenPipe.into())
}

fn read_file(file: &SnapshotFile, parts: &mpsc::Sender<SnapshotPart>) -> io::Result<()> {
    let mut bytes = file.bytes();
    loop {
        let mut part = Vec::with_capacity(PART);
        (&mut bytes).take(PART as u64).read_to_end(&mut part)?;
        if part.is_empty() {
            return Ok(());
        }
        put(parts, Part::File(part.into()))?;
    }
}

fn read_ledger(ledgers: &dyn LedgerReader, space: Space, mut from: u64, parts: &mpsc::Sender<SnapshotPart>) -> io::Result<()> {
    loop {
        let found = ledgers.range(space, from..u64::MAX, Order::Ascending, STEP)?;
        let Some((last, _)) = found.last() else { return Ok(()) };
        from = last + 1;
        let (mut records, mut size) = (Vec::new(), 0);
        for (key, value) in found {
            size += value.len();
            records.push(LedgerRecord { key, value });
            if size > RECORDS {
                put(parts, Part::Records(LedgerRecords { space: space as u32, records: std::mem::take(&mut records) }))?;
                size = 0;
            }
        }
        put(parts, Part::Records(LedgerRecords { space: space as u32, records }))?;
    }
}
