#!/usr/bin/env python3
"""Reads the frames of a log that rogue-bridge keeps on a NATS JetStream server, and prints a line for each.

    python3 log_reader.py nats://127.0.0.1:4222/run42 --channel 3 --count 10

Python 3.9 or newer, standard library only: the program speaks the NATS protocol itself. It knows users, tokens and TLS,
but neither credentials files nor client certificates. docs/jetstream-format.md describes the messages of a log.
In a program of yours:

    from log_reader import frames

    for frame in frames('nats://daq-host/run42', start='now', channel=3, follow=True):
        samples = numpy.frombuffer(frame.payload, '<i2')
"""

import argparse
import contextlib
import itertools
import json
import logging
import os
import socket
import ssl
import struct
import sys
import uuid
import zlib
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

logger = logging.getLogger('log_reader')


class Frame(NamedTuple):
    number: int  # within the log, from 0
    channel: int
    channel_number: int  # within the channel, from 0
    flags: int
    error: int
    payload: bytes
    sequence: int  # start=sequence reads this frame again, and the other frames of its batch
    time_ns: int  # when the server stored the frame, in nanoseconds since 1970


class LogError(Exception):
    """The log cannot be read, or not any further."""


class LogGap(LogError):
    """Frames, or parts of a frame, are missing."""


def frames(url, start='first', channel=None, follow=False):
    """Yields the frames of a log in order.

    url: nats://[user:password@|token@]host[:port][,host2...]/STREAM; tls:// encrypts
    start: 'first', 'now', or the sequence number of a message in the stream
    channel: frames of this channel alone
    follow: wait for further frames; otherwise end where the log ended when the reading began
    """
    connection = Connection(url)
    try:
        decoder = Decoder(channel)
        for message in messages(connection, decoder, start, channel, follow):
            try:
                yield from decoder.feed(message)
            except (LookupError, ValueError) as err:
                raise LogError(f'message {message.sequence} is damaged: {err!r}') from None
        yield from decoder.end()
    finally:
        connection.close()


# ---- The format: from messages to frames ----


class Message(NamedTuple):
    subject: str
    headers: dict
    payload: bytes
    sequence: int = 0
    time_ns: int = 0

    def integers(self, *names):
        return [int(self.headers[f'Rogue-{name}']) for name in names]


class Decoder:
    """Turns messages into frames, puts a batch of several channels into its order, and checks the numbers."""

    def __init__(self, channel=None):
        self.is_whole = channel is None  # of one channel alone, each message of a batch stands alone
        self.next_number = None  # what the next message must begin with, as soon as there was one
        self.next_in_channel = {}
        # Messages that belong together, a batch or the chunks of a frame, while some are to come.
        self.unit = None
        self.parts = []
        self.next_part = 0

    def feed(self, message):
        """Yields the frames that are complete with this message."""
        headers, where = message.headers, f'message {message.sequence}'
        if 'Rogue-Log' not in headers:
            logger.warning('%s on %s is not part of the log: skipped', where, message.subject)
            return
        if headers['Rogue-Log'] != '1':
            raise LogError(f'{where} has version {headers["Rogue-Log"]} of the format, which is not known here')
        first, place = int(headers['Rogue-Frame']), headers.get('Rogue-Chunk', '0/1')
        end = first + int(headers.get('Rogue-Count', 1))
        if 'Rogue-Batch' in headers and self.is_whole:
            (first, end), place = map(int, headers['Rogue-Batch'].split('-')), headers['Rogue-Part']
        unit = (headers['Nats-Msg-Id'].split('.')[0], first, end)
        part, parts = map(int, place.split('/'))

        if self.parts and unit != self.unit:
            if unit[0] == self.unit[0]:
                raise LogGap(f'{where}: a part of frames {self.unit[1]} to {self.unit[2] - 1} is missing')
            yield from self.end()  # their writer has ended, and this is the next one
        if not self.parts:
            if self.is_whole and self.next_number not in (None, first):
                raise LogGap(f'gap: frame {first} ({where}) follows frame {self.next_number - 1}')
            is_beginning = self.next_number is None
            if is_beginning and part > 0 and 'Rogue-Chunk' in headers:
                return  # the rest of a frame that began before
            self.next_part = part if is_beginning else 0
        if part != self.next_part:
            raise LogGap(f'{where} is part {part} of {parts}: part {self.next_part} is missing')
        self.unit = unit
        self.parts.append(message)
        self.next_part += 1
        if self.next_part == parts:
            yield from self.finish()

    def end(self):
        """Yields what there is of an incomplete batch, when no more of it will come."""
        if self.parts:
            _, first, end = self.unit
            there = sum(int(part.headers.get('Rogue-Count', 0)) for part in self.parts)
            logger.warning('frames %d to %d: only %d of %d are there', first, end - 1, there, end - first)
            if there > 0:
                yield from self.finish()
            self.parts = []  # the next writer gives the number of an incomplete frame again

    def finish(self):
        parts, self.parts = self.parts, []
        self.next_number = self.unit[2]
        for frame in frames_of(parts):
            expected = self.next_in_channel.get(frame.channel, frame.channel_number)
            if frame.channel_number != expected:
                raise LogGap(
                    f'gap in channel {frame.channel}: its frame {frame.channel_number} '
                    f'(message {frame.sequence}) follows its frame {expected - 1}'
                )
            self.next_in_channel[frame.channel] = expected + 1
            yield frame


def frames_of(parts):
    """The frames of messages that belong together, in their order."""
    first, last = parts[0], parts[-1]
    if 'Rogue-Count' in first.headers:
        return sorted(frame for part in parts for frame in records(part, first.sequence))
    number, channel_number, flags, error = first.integers('Frame', 'Channel-Frame', 'Flags', 'Error')
    payload = b''.join(part.payload for part in parts)
    if len(payload) != int(first.headers.get('Rogue-Size', len(payload))):
        raise LogGap(f'frame {number} has {len(payload)} bytes instead of {first.headers["Rogue-Size"]}')
    channel = int(first.subject.split('.')[1])
    return [Frame(number, channel, channel_number, flags, error, payload, first.sequence, last.time_ns)]


def records(message, sequence):
    """The frames of a message of Rogue records."""
    headers, payload, channel = message.headers, message.payload, int(message.subject.split('.')[1])
    count, first, number_in_channel = message.integers('Count', 'Frame', 'Channel-Frame')
    number, gaps = first, [0] * count
    if 'Rogue-Order' in headers:  # 2,0x3 is 2, 0, 0, 0: frames of other channels in front of each record
        number = int(headers['Rogue-Batch'].split('-')[0])
        runs = (run.partition('x') for run in headers['Rogue-Order'].split(','))
        gaps = [int(gap) for gap, _, times in runs for _ in range(int(times or 1))]
    found, at = [], 0
    while at + 8 <= len(payload) and len(found) < len(gaps):
        length, flags, error, record_channel = struct.unpack_from('<IHBB', payload, at)
        body = payload[at + 8 : at + 4 + length]
        if len(body) != length - 4 or record_channel != channel:
            break
        number += gaps[len(found)]
        in_channel = number_in_channel + len(found)
        found.append(Frame(number, channel, in_channel, flags, error, body, sequence, message.time_ns))
        number += 1
        at += 4 + length
    if len(found) != count or at != len(payload) or found[0].number != first:
        raise ValueError(f'record {len(found)} of {count} at offset {at}')
    return found


# ---- JetStream: from a log to messages ----

API = '$JS.API'
SECOND_NS = 1_000_000_000
# Of one request. The server cuts the connection of a client that has more than 64 MB waiting (max_pending).
REQUEST_MESSAGES = 100
REQUEST_BYTES = 16 << 20


def messages(connection, decoder, start, channel, follow):
    """Yields the messages of the stream, of the channel alone where one is given."""
    stream = connection.stream
    info = connection.request(f'{API}.STREAM.INFO.{stream}')
    config = {'ack_policy': 'none', 'deliver_policy': 'all', 'inactive_threshold': 300 * SECOND_NS}
    if start == 'now':
        config['deliver_policy'] = 'new'
    elif start != 'first':
        if int(start) < info['state']['first_seq']:
            raise LogGap(f'{stream} begins at message {info["state"]["first_seq"]}: {start} is not there any more')
        config.update(deliver_policy='by_start_sequence', opt_start_seq=int(start))
    if channel is not None:
        config['filter_subject'] = f'{stream}.{channel}'
    consumer = connection.request(f'{API}.CONSUMER.CREATE.{stream}', {'stream_name': stream, 'config': config})
    pull = f'{API}.CONSUMER.MSG.NEXT.{stream}.{consumer["name"]}'
    ask = {
        'batch': REQUEST_MESSAGES,
        'max_bytes': max(REQUEST_BYTES, 2 * connection.info['max_payload']),
        'expires': (20 if follow else 1) * SECOND_NS,
    }
    asked, there = 0, consumer['num_pending']
    try:
        while follow or there > 0 or decoder.parts:
            if asked == 0:
                connection.publish(pull, json.dumps(ask).encode())
                asked = REQUEST_MESSAGES
            message = connection.next_message()
            if message.subject != connection.inbox:
                asked -= 1
                there -= 1
                yield message
                continue
            status = message.headers['Status']  # the request is over: 404 and 408, there is no further message
            if status.startswith(('404', '408')) and not follow:
                return
            if not status.startswith(('404', '408', '409 Message Size')):
                raise LogError(f'the server ended the reading: {status}')
            asked = 0
    finally:
        with contextlib.suppress(LogError):
            connection.publish(f'{API}.CONSUMER.DELETE.{stream}.{consumer["name"]}', b'')


# ---- The NATS protocol ----

TIMEOUT_SECONDS = 30  # longer than a request waits for messages


class Connection:
    """A connection to the first of the servers that answers."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.stream = parts.path[1:]
        if parts.scheme not in ('nats', 'tls') or not self.stream or '/' in self.stream or parts.query:
            raise LogError(f'{url} is not the address of a log: give nats://HOST:PORT/STREAM')
        login, _, hosts = parts.netloc.rpartition('@')
        failures = []
        for host in hosts.split(','):
            try:
                self.open(host, login, parts.scheme == 'tls')
                break
            except (OSError, ValueError) as err:
                failures.append(f'{host}: {err}')
        else:
            raise LogError('no NATS server: ' + '; '.join(failures))
        self.inbox = f'_INBOX.{uuid.uuid4().hex}'
        self.send(f'SUB {self.inbox} 1\r\n'.encode())

    def open(self, host, login, is_encrypted):
        address = urlsplit(f'//{host}')
        self.socket = socket.create_connection((address.hostname, address.port or 4222), TIMEOUT_SECONDS)
        self.input = self.socket.makefile('rb')
        operation, _, info = self.input.readline().partition(b' ')
        if operation != b'INFO':
            raise OSError('this is not a NATS server')
        self.info = json.loads(info)
        if is_encrypted or self.info.get('tls_required'):
            context = ssl.create_default_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=address.hostname)
            self.input = self.socket.makefile('rb')
        options = {'verbose': False, 'pedantic': False, 'headers': True, 'no_responders': True}
        options.update(name='log_reader', lang='python', version='1')
        user, colon, password = login.partition(':')
        if colon:
            options.update(user=unquote(user), **{'pass': unquote(password)})
        elif login:
            options['auth_token'] = unquote(login)
        self.send(b'CONNECT ' + json.dumps(options).encode() + b'\r\nPING\r\n')
        while self.line() != 'PONG':
            pass

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as err:
            raise LogError(f'the connection to the NATS server is lost: {err}') from None

    def publish(self, subject, payload):
        """Answers come to the inbox."""
        self.send(f'PUB {subject} {self.inbox} {len(payload)}\r\n'.encode() + payload + b'\r\n')

    def line(self):
        """The next line that is not about the connection itself."""
        while True:
            try:
                line = self.input.readline().decode().strip()
            except socket.timeout:
                raise LogError(f'the NATS server has been silent for {TIMEOUT_SECONDS} s') from None
            except OSError as err:
                raise LogError(f'the connection to the NATS server is lost: {err}') from None
            if line == 'PING':
                self.send(b'PONG\r\n')
            elif not line:
                raise LogError('the NATS server closed the connection')
            elif line.startswith('-ERR'):
                raise LogError(f'the NATS server refused: {line[5:]}')
            elif not line.startswith('INFO'):
                return line

    def next_message(self):
        # MSG subject id [reply] bytes, or HMSG subject id [reply] header-bytes all-bytes
        kind, subject, _, *more = self.line().split()
        data = self.input.read(int(more[-1]) + 2)[:-2]
        headers = {}
        if kind == 'HMSG':
            head, data = data[: int(more[-2])], data[int(more[-2]) :]
            version, *lines = head.decode().strip().split('\r\n')
            headers = {name: value.strip() for name, _, value in (line.partition(':') for line in lines)}
            headers['Status'] = version[9:]  # NATS/1.0 408 Request Timeout
        # $JS.ACK.[domain.account.]stream.consumer.delivered.sequence.consumer sequence.time.pending[.random]
        reply = more[0].split('.')
        if reply[:2] != ['$JS', 'ACK']:
            return Message(subject, headers, data)
        at = 5 if len(reply) == 9 else 7
        return Message(subject, headers, data, int(reply[at]), int(reply[at + 2]))

    def request(self, subject, body=None):
        """Asks JetStream; returns its answer."""
        self.publish(subject, json.dumps(body).encode() if body else b'')
        message = self.next_message()
        if message.headers.get('Status', '').startswith('503'):
            raise LogError('this NATS server has no JetStream: start it with -js')
        answer = json.loads(message.payload)
        if 'error' in answer:
            raise LogError(f'{self.stream}: {answer["error"]["description"]}')
        return answer

    def close(self):
        """Lets the server take what was sent last: a socket that is closed with unread input may lose it."""
        with contextlib.suppress(OSError):
            self.socket.settimeout(1)
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(1 << 16):
                pass
        self.socket.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('url', help='nats://[user:password@|token@]host[:port][,host2...]/STREAM')
    parser.add_argument('--from', dest='start', default='first', help='first (default), now, or a sequence number')
    parser.add_argument('--channel', type=int, help='frames of this channel alone')
    parser.add_argument('--count', type=int, help='end after this number of frames')
    parser.add_argument('--follow', action='store_true', help='wait for further frames')
    parser.add_argument('--json', action='store_true', help='print each frame as a line of JSON')
    options = parser.parse_args()
    if options.start not in ('first', 'now') and not options.start.isdigit():
        parser.error("--from is 'first', 'now' or a sequence number")
    logging.basicConfig(format='%(message)s')
    found = frames(options.url, options.start, options.channel, options.follow)
    text = '#{number}  channel {channel}  flags 0x{flags:04x}  error {error}  {size} bytes  crc32 {crc32}'
    try:
        for frame in itertools.islice(found, options.count):
            fields = frame._asdict()
            del fields['payload']
            fields.update(size=len(frame.payload), crc32=f'{zlib.crc32(frame.payload):08x}')
            print(json.dumps(fields) if options.json else text.format(**fields), flush=options.follow)
    except LogError as err:
        sys.stdout.flush()
        sys.exit(f'log_reader: {err}')
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `| head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == '__main__':
    main()
