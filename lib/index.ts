// What users import, nothing else.

export { ERROR_CODES, GeneralError, type ErrorCode } from './errors';
export { Logging, type LogFormat, type LogSink } from './logging';
export { Frame, type FrameOptions } from './stream/frame';
export { reqFrame } from './stream/req-frame';
export { poolStats, type PoolStats } from './memory/payload-pool';
export type { LingerOptions } from './async/linger';
export type { FrameArrayClass, FrameArrayOptions } from './stream/frame-array';
export { Master } from './stream/master';
export { Fifo } from './stream/fifo';
export { Filter } from './stream/filter';
export { RateDrop } from './stream/rate-drop';
export { CombinerV1, CombinerV2, type CombinerOptions } from './stream/batcher/combiner';
export { SplitterV1, SplitterV2 } from './stream/batcher/splitter';
export { StreamModule } from './stream/module';
export type { WorkerModule, WorkerModuleOptions } from './stream/workers/worker-module';
export { Workers, type WorkersOptions } from './stream/workers/workers';
export { StreamUnZip, type StreamUnZipOptions } from './stream/zip/stream-unzip';
export { DataReceiver, type DataReceiverEvents, type DataReceiverOptions } from './stream/data-receiver';
export {
  struct,
  type ReadAllOptions,
  type Struct,
  type StructField,
  type StructNumber,
  type StructOptions,
  type StructSource,
  type StructValue,
} from './stream/struct';
export { unpackBits, type UnpackBitsOptions } from './stream/unpack-bits';
export type { AsyncFrames, FramesOptions } from './stream/frames';
export type { FrameStreamOptions } from './stream/node-streams';
export { Slave, type FrameSlave, type SlaveFunction, type SlaveLike } from './stream/slave';
export { streamConnect, streamConnectBiDir, type MasterAndSlave } from './stream/connect';
export { TcpCore, type StopOptions, type WaitForPeerOptions } from './tcp/core';
export type { ConnectError, PeerInfo, TcpEvents, TcpListener } from './tcp/events';
export { generateCurveKeys, type CurveOptions } from './tcp/curve';
export type { TcpCoreOptions, TcpOptions } from './tcp/options';
export type { Engine } from './transport/engines';
export { TcpClient } from './tcp/client';
export { TcpServer } from './tcp/server';
export type { TcpStats } from './tcp/stats';
export { METRICS_CONTENT_TYPE } from './metrics/exposition';
export { healthOf, type Health, type HealthOptions } from './metrics/health';
export { metrics, type MetricsOptions } from './metrics/metrics';
export type { Config, ConfigTree, ConfigValue } from './utilities/config/config';
export {
  ConfigState,
  type ConfigStateEvents,
  type ConfigStateOptions,
} from './utilities/config/config-state';
export { FileFrame, type BatchPlace, type FilePlace } from './utilities/fileio/file-frame';
export type { BatchFormat, FileSource, ReadFramesOptions } from './utilities/fileio/read-options';
export type { FilePath } from './utilities/fileio/paths';
export { readFrames, type FileFrameIterator } from './utilities/fileio/read-frames';
export { StreamReader, type StreamReaderOptions } from './utilities/fileio/stream-reader';
export { StreamWriter, type StreamWriterOptions } from './utilities/fileio/stream-writer';
export type { WriterConfig } from './utilities/fileio/writer-config';
export type { StreamWriterChannel } from './utilities/fileio/stream-writer-channel';
export type { WaitFrameCountOptions } from './async/count-waiters';
export { Prbs } from './utilities/prbs';
