//! The errors of the protocol.

use std::fmt;

/// Declares the protocol's errors that occur here, with their names.
macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// An error of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Its name in the protocol.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

error_codes! {
    /// The position lies outside the log.
    OffsetOutOfRange = "OFFSET_OUT_OF_RANGE",
    /// There is no such partition.
    UnknownTopicOrPartition = "UNKNOWN_TOPIC_OR_PARTITION",
    /// This broker does not lead the partition.
    NotLeaderOrFollower = "NOT_LEADER_OR_FOLLOWER",
    /// The batch is larger than the topic allows.
    MessageTooLarge = "MESSAGE_TOO_LARGE",
    /// The batch is larger than a segment may be.
    RecordListTooLarge = "RECORD_LIST_TOO_LARGE",
    /// A record's timestamp lies too far from the broker's clock.
    InvalidTimestamp = "INVALID_TIMESTAMP",
    /// A topic that is compacted takes no record without a key.
    InvalidRecord = "INVALID_RECORD",
    /// The topic's settings do not allow it.
    PolicyViolation = "POLICY_VIOLATION",
    /// A batch came whose first sequence number does not follow the last one.
    OutOfOrderSequenceNumber = "OUT_OF_ORDER_SEQUENCE_NUMBER",
    /// A later process, or transaction, has the same id.
    InvalidProducerEpoch = "INVALID_PRODUCER_EPOCH",
    /// That cannot be asked of a transaction in this state.
    InvalidTxnState = "INVALID_TXN_STATE",
    /// A later process has the same transactional id.
    ProducerFenced = "PRODUCER_FENCED",
    /// The last transaction is still being ended.
    ConcurrentTransactions = "CONCURRENT_TRANSACTIONS",
    /// The transactional id has another producer id.
    InvalidProducerIdMapping = "INVALID_PRODUCER_ID_MAPPING",
    /// A transaction may not stay open for so long.
    InvalidTransactionTimeout = "INVALID_TRANSACTION_TIMEOUT",
    /// There is no such transactional id.
    TransactionalIdNotFound = "TRANSACTIONAL_ID_NOT_FOUND",
    /// A transaction that is open may change the offset.
    UnstableOffsetCommit = "UNSTABLE_OFFSET_COMMIT",
    /// This broker does not coordinate the group.
    NotCoordinator = "NOT_COORDINATOR",
    /// The generation is not the present one.
    IllegalGeneration = "ILLEGAL_GENERATION",
    /// The group does not know the member.
    UnknownMemberId = "UNKNOWN_MEMBER_ID",
    /// A rebalance is on.
    RebalanceInProgress = "REBALANCE_IN_PROGRESS",
    /// Come back with the id in this answer.
    MemberIdRequired = "MEMBER_ID_REQUIRED",
    /// No assignor is known to all members.
    InconsistentGroupProtocol = "INCONSISTENT_GROUP_PROTOCOL",
    /// The member's epoch is not the one that its coordinator knows: it has to join anew.
    FencedMemberEpoch = "FENCED_MEMBER_EPOCH",
    /// The member's epoch is over: it has to learn the present one.
    StaleMemberEpoch = "STALE_MEMBER_EPOCH",
    /// Another member has that instance id and has not left.
    UnreleasedInstanceId = "UNRELEASED_INSTANCE_ID",
    /// Another member has that instance id now.
    FencedInstanceId = "FENCED_INSTANCE_ID",
    /// The broker does not have the assignor.
    UnsupportedAssignor = "UNSUPPORTED_ASSIGNOR",
    /// The group takes no more members.
    GroupMaxSizeReached = "GROUP_MAX_SIZE_REACHED",
    /// The request makes no sense.
    InvalidRequest = "INVALID_REQUEST",
    /// There is no such group, or not of that type.
    GroupIdNotFound = "GROUP_ID_NOT_FOUND",
    /// The leader's term is over; or the client knows an older one.
    FencedLeaderEpoch = "FENCED_LEADER_EPOCH",
    /// The broker does not know of that term yet.
    UnknownLeaderEpoch = "UNKNOWN_LEADER_EPOCH",
    /// The partition has changed meanwhile.
    InvalidUpdateVersion = "INVALID_UPDATE_VERSION",
    /// A broker that is gone or going cannot be in sync.
    IneligibleReplica = "INELIGIBLE_REPLICA",
    /// Another process of the broker has registered since.
    StaleBrokerEpoch = "STALE_BROKER_EPOCH",
    /// Too few replicas are in sync; nothing was written.
    NotEnoughReplicas = "NOT_ENOUGH_REPLICAS",
    /// Too few replicas are in sync; it was written all the same.
    NotEnoughReplicasAfterAppend = "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    /// The replicas did not have it in time.
    RequestTimedOut = "REQUEST_TIMED_OUT",
    /// The new leader does not know yet how far its followers are.
    OffsetNotAvailable = "OFFSET_NOT_AVAILABLE",
    /// The partition has no leader just now.
    LeaderNotAvailable = "LEADER_NOT_AVAILABLE",
    /// There is no broker to coordinate the group just now.
    CoordinatorNotAvailable = "COORDINATOR_NOT_AVAILABLE",
    /// There is a topic of that name.
    TopicAlreadyExists = "TOPIC_ALREADY_EXISTS",
    /// A topic cannot have that name.
    InvalidTopicException = "INVALID_TOPIC_EXCEPTION",
    /// A topic cannot have, or be given, so many partitions.
    InvalidPartitions = "INVALID_PARTITIONS",
    /// So many copies cannot be placed.
    InvalidReplicationFactor = "INVALID_REPLICATION_FACTOR",
    /// Partitions cannot be given to these brokers.
    InvalidReplicaAssignment = "INVALID_REPLICA_ASSIGNMENT",
    /// There is no such setting, or it cannot have that value.
    InvalidConfig = "INVALID_CONFIG",
    /// The partition has the leader it should have.
    ElectionNotNeeded = "ELECTION_NOT_NEEDED",
    /// The first replica cannot lead just now.
    PreferredLeaderNotAvailable = "PREFERRED_LEADER_NOT_AVAILABLE",
    /// No replica can lead just now.
    EligibleLeadersNotAvailable = "ELIGIBLE_LEADERS_NOT_AVAILABLE",
    /// The session timeout is not within what the broker allows.
    InvalidSessionTimeout = "INVALID_SESSION_TIMEOUT",
    /// The group has members.
    NonEmptyGroup = "NON_EMPTY_GROUP",
    /// A member of the group reads the topic.
    GroupSubscribedToTopic = "GROUP_SUBSCRIBED_TO_TOPIC",
    /// What is to be stored beside the offset is too long.
    OffsetMetadataTooLarge = "OFFSET_METADATA_TOO_LARGE",
}

impl ErrorCode {
    /// Whether the same request may succeed later, or with another broker.
    ///
    /// Source: the subclasses of `RetriableException` in `org.apache.kafka.common.errors`.
    pub(crate) const fn is_retriable(self) -> bool {
        matches!(
            self,
            Self::UnknownTopicOrPartition
                | Self::NotLeaderOrFollower
                | Self::NotCoordinator
                | Self::LeaderNotAvailable
                | Self::CoordinatorNotAvailable
                | Self::FencedLeaderEpoch
                | Self::UnknownLeaderEpoch
                | Self::NotEnoughReplicas
                | Self::NotEnoughReplicasAfterAppend
                | Self::RequestTimedOut
                | Self::OffsetNotAvailable
                | Self::UnstableOffsetCommit
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
