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
export type { StreamModule } from './stream/module';
export type { FramesOptions } from './stream/frames';
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
export {
  FileFrame,
  type FilePlace,
  type FileSource,
  type ReadFramesOptions,
} from './utilities/fileio/file-frames';
export type { FilePath } from './utilities/fileio/paths';
export { readFrames } from './utilities/fileio/read-frames';
export { StreamReader } from './utilities/fileio/stream-reader';
export { StreamWriter, type StreamWriterOptions } from './utilities/fileio/stream-writer';
export type { StreamWriterChannel } from './utilities/fileio/stream-writer-channel';
export type { WaitFrameCountOptions } from './utilities/fileio/count-waiters';
export { Prbs } from './utilities/prbs';
