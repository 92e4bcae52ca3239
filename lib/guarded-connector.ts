import { lookup as lookupWithSystem } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { callbackify } from 'node:util';
import { Agent, buildConnector } from 'undici';
import { refuseAddress } from './public-addresses.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface ConnectorOptions {
  /** Turns the guard off: for a stack on one machine. */
  readonly allowPrivateAddresses: boolean;
  readonly connectTimeoutMs?: number;
  readonly resolve?: Resolve;
  /** Further TLS settings, such as a certificate authority of one's own. */
  readonly tls?: Pick<ConnectionOptions, 'ca'>;
}

/** Bytes a socket buffers; at 1 MiB relaying over TLS costs a third less CPU than at Node's 16 KiB. */
const socketHighWaterMark = 1024 * 1024;
const maximumHeaderBytes = 16 * 1024;

/**
 * An undici Agent for strangers' hosts: HTTP/1.1, headers of at most 16 KiB, buffers sized for streaming, and
 * (unless `allowPrivateAddresses`) sockets to public addresses only. Requests to anything else fail with
 * ForbiddenAddressError before a byte is sent.
 */
export function createDispatcher(options: ConnectorOptions): Agent {
  return new Agent({
    allowH2: false,
    maxHeaderSize: maximumHeaderBytes,
    connect: options.allowPrivateAddresses ? buildConnector(connection(options)) : guardedConnector(options),
  });
}

/**
 * A connector that refuses IP literals and resolved names that are not public, connects to exactly the
 * addresses it has checked, and looks at the peer once more when connected. A name with one forbidden address
 * among several is refused altogether. (A `lookup` alone is no guard: sockets to IP literals never call it.)
 */
export function guardedConnector(options: Omit<ConnectorOptions, 'allowPrivateAddresses'> = {}) {
  const resolve = options.resolve ?? ((hostname) => lookupWithSystem(hostname, { all: true }));
  const connect = buildConnector({ ...connection(options), lookup: checkedLookup(resolve) });

  const guarded: buildConnector.connector = (target, callback) => {
    const refused = isIP(target.hostname) === 0 ? null : refuseAddress(target.hostname, target.hostname);
    if (refused !== null) {
      callback(refused, null);
      return;
    }
    connect(target, (...[error, socket]) => {
      const failure = error ?? refusePeer(target.hostname, socket);
      if (failure !== null) callback(failure, null);
      else if (socket !== null) callback(null, socket);
    });
  };
  return guarded;
}

function connection(options: Omit<ConnectorOptions, 'allowPrivateAddresses'>) {
  return {
    allowH2: false,
    timeout: options.connectTimeoutMs ?? 10_000,
    highWaterMark: socketHighWaterMark,
    ...options.tls,
  };
}

function checkedLookup(resolve: Resolve): LookupFunction {
  const resolveWithCallback = callbackify(resolve);
  return (hostname, { all }, callback) => {
    resolveWithCallback(hostname, (error, addresses) => {
      const refusal = error ?? refuseAnswer(hostname, addresses);
      const [first] = addresses ?? [];
      if (refusal !== null || first === undefined) callback(refusal, '');
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

function refuseAnswer(hostname: string, addresses: readonly ResolvedAddress[]): Error | null {
  if (addresses.length === 0)
    return Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND' });
  return (
    addresses.map(({ address }) => refuseAddress(hostname, address)).find((error) => error !== null) ?? null
  );
}

function refusePeer(hostname: string, socket: Socket | null): Error | null {
  if (socket === null) return new Error(`The connection to ${hostname} failed.`);
  const refused = refuseAddress(hostname, socket.remoteAddress ?? '');
  if (refused !== null) socket.destroy();
  return refused;
}
