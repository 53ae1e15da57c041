// `rogue-bridge/jetstream`: the stream on NATS JetStream, a log on several hosts.

export { isLogAddress, parseLogAddress, type LogAddress, type ReadPart } from './address';
export type { LogEvents, LogListener } from './events';
export {
  deleteLog,
  inspectLog,
  type LogChannelInfo,
  type LogConsumerInfo,
  type LogInfo,
  type LogReplicaInfo,
} from './inspect';
export type { LogIdentity } from './metrics';
export type {
  JetStreamReaderOptions,
  JetStreamWriterOptions,
  KeepOptions,
  LogConnectionOptions,
  LogTlsOptions,
  ReadFrom,
} from './options';
export { JetStreamReader, type JetStreamReaderStats } from './reader';
export { LogFrame, type LogPlace } from './records';
export { JetStreamWriter, type JetStreamWriterStats } from './writer';
