//! Raft's messages between openraft's types and the wire's.

use std::io;

use openraft::raft::{
    AppendEntriesRequest, StreamAppendError, StreamAppendResult, TransferLeaderError, TransferLeaderRequest, TransferLeaderResponse, VoteRequest,
    VoteResponse,
};
use tonic::Status;

use crate::raft::codec;
use crate::raft::types::{Entry, LeaderId, LogId, TypeConfig, Vote};
use crate::wire::raft as wire;

/// The message lacks a part that every such message has.
fn lacks(what: &str) -> Status {
    Status::invalid_argument(format!("{what} is missing"))
}

pub fn vote(vote: &Vote) -> wire::Ballot {
    wire::Ballot { term: vote.leader_id.term, node: vote.leader_id.node_id, committed: vote.committed }
}

pub fn from_vote(ballot: Option<wire::Ballot>) -> Result<Vote, Status> {
    let ballot = ballot.ok_or_else(|| lacks("the vote"))?;
    Ok(Vote { leader_id: LeaderId { term: ballot.term, node_id: ballot.node }, committed: ballot.committed })
}

pub fn log_id(id: LogId) -> wire::LogId {
    wire::LogId { term: id.leader_id.term, node: id.leader_id.node_id, index: id.index }
}

pub fn from_log_id(id: wire::LogId) -> LogId {
    LogId { leader_id: LeaderId { term: id.term, node_id: id.node }, index: id.index }
}

/// An append as it is sent.
pub fn append(request: &AppendEntriesRequest<TypeConfig>) -> io::Result<wire::AppendRequest> {
    let entries = request.entries.iter().map(codec::encode_entry).collect::<io::Result<_>>()?;
    let (previous, committed) = (request.prev_log_id.map(log_id), request.leader_commit.map(log_id));
    Ok(wire::AppendRequest { vote: Some(vote(&request.vote)), previous, entries, committed })
}

/// An append as it was sent: its entries follow its previous one without a gap.
pub fn from_append(request: wire::AppendRequest) -> Result<AppendEntriesRequest<TypeConfig>, Status> {
    let prev_log_id = request.previous.map(from_log_id);
    let first = prev_log_id.map_or(0, |id| id.index + 1);
    let entry = |(at, bytes): (u64, bytes::Bytes)| codec::decode_entry(at, &bytes);
    let entries: io::Result<Vec<Entry>> = (first..).zip(request.entries).map(entry).collect();
    let entries = entries.map_err(|error| Status::invalid_argument(error.to_string()))?;
    Ok(AppendEntriesRequest { vote: from_vote(request.vote)?, prev_log_id, entries, leader_commit: request.committed.map(from_log_id) })
}

pub fn appended(result: StreamAppendResult<TypeConfig>) -> wire::AppendResponse {
    use wire::append_response::Result as Answer;
    let answer = match result {
        Ok(last) => Answer::Matched(wire::Matched { last: last.map(log_id) }),
        Err(StreamAppendError::Conflict(at)) => Answer::Conflict(log_id(at)),
        Err(StreamAppendError::HigherVote(other)) => Answer::Higher(vote(&other)),
    };
    wire::AppendResponse { result: Some(answer) }
}

pub fn from_appended(response: wire::AppendResponse) -> Result<StreamAppendResult<TypeConfig>, Status> {
    use wire::append_response::Result as Answer;
    Ok(match response.result.ok_or_else(|| lacks("the result"))? {
        Answer::Matched(matched) => Ok(matched.last.map(from_log_id)),
        Answer::Conflict(at) => Err(StreamAppendError::Conflict(from_log_id(at))),
        Answer::Higher(other) => Err(StreamAppendError::HigherVote(from_vote(Some(other))?)),
    })
}

pub fn vote_request(request: &VoteRequest<TypeConfig>) -> wire::VoteRequest {
    let last = request.last_log_id.map(log_id);
    wire::VoteRequest { vote: Some(vote(&request.vote)), last, leadership_transfer: request.leadership_transfer }
}

pub fn from_vote_request(request: wire::VoteRequest) -> Result<VoteRequest<TypeConfig>, Status> {
    let mut read = VoteRequest::new(from_vote(request.vote)?, request.last.map(from_log_id));
    read.leadership_transfer = request.leadership_transfer;
    Ok(read)
}

pub fn vote_response(response: &VoteResponse<TypeConfig>) -> wire::VoteResponse {
    wire::VoteResponse { vote: Some(vote(&response.vote)), last: response.last_log_id.map(log_id), granted: response.vote_granted }
}

pub fn from_vote_response(response: wire::VoteResponse) -> Result<VoteResponse<TypeConfig>, Status> {
    Ok(VoteResponse::new(from_vote(response.vote)?, response.last.map(from_log_id), response.granted))
}

pub fn transfer(request: &TransferLeaderRequest<TypeConfig>) -> wire::TransferRequest {
    let last = request.last_log_id().copied().map(log_id);
    wire::TransferRequest { from: Some(vote(request.from_leader())), to: *request.to_node_id(), last }
}

pub fn from_transfer(request: wire::TransferRequest) -> Result<TransferLeaderRequest<TypeConfig>, Status> {
    Ok(TransferLeaderRequest::new(from_vote(request.from)?, request.to, request.last.map(from_log_id)))
}

pub fn transferred(response: TransferLeaderResponse<TypeConfig>) -> wire::TransferResponse {
    use wire::transfer_response::Refused;
    let refused = response.err().map(|error| match error {
        TransferLeaderError::VoteChanged { actual, .. } => Refused::VoteChanged(vote(&actual)),
        TransferLeaderError::LogNotFlushed { actual, .. } => Refused::NotFlushed(wire::NotFlushed { last: actual.map(log_id) }),
    });
    wire::TransferResponse { refused }
}

pub fn from_transferred(
    request: &TransferLeaderRequest<TypeConfig>,
    response: wire::TransferResponse,
) -> Result<TransferLeaderResponse<TypeConfig>, Status> {
    use wire::transfer_response::Refused;
    Ok(match response.refused {
        None => Ok(()),
        Some(Refused::VoteChanged(actual)) => {
            Err(TransferLeaderError::VoteChanged { expected: *request.from_leader(), actual: from_vote(Some(actual))? })
        }
        Some(Refused::NotFlushed(not)) => {
            Err(TransferLeaderError::LogNotFlushed { expected: request.last_log_id().copied(), actual: not.last.map(from_log_id) })
        }
    })
}
