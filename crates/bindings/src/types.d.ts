
/** A scenario that is built in. */
export interface Lesson {
  name: string;
  title: string;
  question: string;
  /** The group of lessons in which it stands. */
  group: string;
  /** The titles of its acts; none if it is one run. */
  acts: string[];
}

/** What the question comes down to in one system, computed, and the choice that is right. */
export interface Answer {
  system: "kafka" | "rabbitmq";
  found: string;
  answer: string | null;
}

/** Something that happened, in one line of text. */
export interface Fact {
  atUs: number;
  system: "kafka" | "rabbitmq";
  text: string;
  weight: "detail" | "seen" | "fault" | "rebalance" | "removal" | "dead letter";
}

/** A Kafka group or a RabbitMQ queue, and what became of its messages. */
export interface Reader {
  system: "kafka" | "rabbitmq";
  reader: string;
  outcome: Outcome;
}

/** Counts of messages; `sent = notYet + once + twice + more`. */
export interface Outcome {
  sent: number;
  acknowledged: number;
  notYet: number;
  once: number;
  twice: number;
  more: number;
  onTheWay: number;
  waiting: number;
  passedOver: number;
  removedUnread: number;
  lost: number;
  vanished: number;
  aborted: number;
  deadLettered: { rejected: number; expired: number; maxlen: number; deliveryLimit: number };
  outOfOrder: number;
  inBroker: number;
  unsettled: number;
}

/** The state of both systems at one instant. */
export interface Snapshot {
  atUs: number;
  kafka: KafkaSnapshot;
  rabbitmq: RabbitMqSnapshot;
}

export interface KafkaSnapshot {
  brokers: {
    id: number;
    state: "crashed" | "stopped" | "starting" | "running" | "stopping";
    /** Whether the controller counts it as gone. */
    fenced: boolean;
  }[];
  producers: { name: string; sent: number; acknowledged: number }[];
  topics: { name: string; partitions: KafkaPartition[] }[];
  groups: KafkaGroup[];
  consumers: KafkaConsumer[];
  offsetsTopic: { partition: number; total: number; newest: OffsetsRecord[] }[];
}

export interface KafkaPartition {
  partition: number;
  leader: number;
  logStart: number;
  highWatermark: number;
  logEnd: number;
  records: number;
  segments: number[];
  sizeBytes: number;
  newest: { offset: number; message: number; timestampMs: number }[];
}

export interface KafkaGroup {
  group: string;
  coordinator: number;
  state: string;
  generation: number;
  partitions: {
    partition: string;
    owner: string | null;
    committed: number | null;
    position: number | null;
    lag: number | null;
  }[];
}

export interface KafkaConsumer {
  name: string;
  group: string;
  state:
    | "crashed" | "closed" | "joining" | "idle" | "waiting" | "working" | "committing" | "paused";
  worksOn: number | null;
  partitions: string[];
  holds: number[];
  held: number;
  processed: number;
}

/** A record of `__consumer_offsets`; a value of null is a tombstone. */
export interface OffsetsRecord {
  offset: number;
  group: string;
  /** Null for the group's own metadata, whose value is its generation or epoch. */
  partition: string | null;
  value: number | null;
  latest: boolean;
}

export interface RabbitMqSnapshot {
  publishers: { name: string; sent: number; confirmed: number }[];
  exchanges: { name: string; type: string }[];
  bindings: { source: string; destination: string; toExchange: boolean; routingKey: string }[];
  queues: RabbitMqQueue[];
  consumers: RabbitMqConsumer[];
}

/** Why a message left a queue without an acknowledgement. */
export type Reason = "rejected" | "expired" | "maxlen" | "delivery_limit";

export interface RabbitMqQueue {
  name: string;
  type: "classic" | "quorum" | "stream";
  ready: number;
  unacked: number;
  enqueued: number;
  acked: number;
  removed: number;
  consumers: number;
  newest: {
    arrival: number;
    message: number;
    state: "ready" | "unacked" | "acked" | "dead-lettering" | "removed";
    unackedBy: string | null;
    redelivered: boolean;
    removedBecause: Reason | null;
    /** How often it came back to a quorum queue. */
    returns: number;
    priority: number;
    /** How it came here from other queues, the most recent first. */
    deaths: { queue: string; reason: Reason; count: number }[];
  }[];
}

export interface RabbitMqConsumer {
  name: string;
  queue: string;
  state: "crashed" | "closed" | "connecting" | "waiting" | "working" | "paused";
  worksOn: number | null;
  prefetchCount: number;
  autoAck: boolean;
  holds: number[];
  held: number;
  unacked: number;
  processed: number;
}
