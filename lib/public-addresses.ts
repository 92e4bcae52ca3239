import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type ForbiddenReason = 'malformed' | 'scheme' | 'userinfo' | 'port' | 'host' | 'address';

/** A URL or an address that the connector refuses to talk to. Names the host at most, never the URL. */
export class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';
  readonly reason: ForbiddenReason;
  /** The host as the URL names it; empty when the URL could not be read. */
  readonly host: string;

  constructor(reason: ForbiddenReason, host: string, message: string) {
    super(message);
    this.name = 'ForbiddenAddressError';
    this.reason = reason;
    this.host = host;
  }
}

export interface UrlPolicy {
  /** Lets loopback and private hosts, single-label names and any port pass: for a stack on one machine. */
  readonly allowPrivateAddresses?: boolean;
  readonly protocols?: readonly ('https:' | 'http:')[];
  /** `default`: only the scheme's own port. */
  readonly ports?: 'default' | 'any';
  readonly maximumLength?: number;
}

const deniedNetworks = [ipaddr.parseCIDR('168.63.129.16/32')];
const globalUnicastV6 = ipaddr.parseCIDR('2000::/3');
const specialUseNames =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|invalid|test|onion|alt)$/;
const hostLabel = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * Whether an address in text form is public unicast. IPv4-mapped, IPv4-compatible, NAT64, 6to4 and Teredo
 * addresses are not: they are ways to write an IPv4 address that has not been checked. Anything that is not
 * a strict IP literal is not public either.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (
    deniedNetworks.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits))
  )
    return false;
  return parsed.kind() === 'ipv4' || parsed.match(...globalUnicastV6);
}

/**
 * Reads a URL that a stranger gave us and refuses what no honest sender needs: other schemes, credentials,
 * odd ports, private or special host names, IP literals that are not public, text that parsers read in
 * different ways. Host names are not resolved here; the guarded connector checks what they resolve to.
 * @throws ForbiddenAddressError
 */
export function assertPublicUrl(text: string, policy: UrlPolicy = {}): URL {
  const { allowPrivateAddresses = false, protocols = ['https:', 'http:'], maximumLength = 8192 } = policy;
  const ports = policy.ports ?? (allowPrivateAddresses ? 'any' : 'default');

  if (text.length > maximumLength)
    throw new ForbiddenAddressError('malformed', '', `The URL is longer than ${maximumLength} characters.`);
  // URL parsers silently drop or rewrite these characters, each in its own way.
  if (/^\s|\s$|[^\S ]|[\\\p{Cc}]/u.test(text) || !URL.canParse(text))
    throw new ForbiddenAddressError('malformed', '', 'The URL is not a well-formed absolute URL.');

  const url = new URL(text);
  const host = url.hostname;
  if (!protocols.some((protocol) => protocol === url.protocol) || !/^https?:\/\//i.test(text)) {
    const allowed = protocols.map((protocol) => protocol.slice(0, -1)).join(' and ');
    throw new ForbiddenAddressError('scheme', host, `Only ${allowed} URLs are accepted.`);
  }
  if (url.username !== '' || url.password !== '' || url.host === '')
    throw new ForbiddenAddressError('userinfo', host, `The URL for ${host} must not carry a user name.`);
  if (ports === 'default' && url.port !== '')
    throw new ForbiddenAddressError('port', host, `Port ${url.port} of ${host} is not allowed.`);
  if (url.port === '0') throw new ForbiddenAddressError('port', host, `Port 0 of ${host} is not allowed.`);
  if (!allowPrivateAddresses) assertPublicHost(host);
  return url;
}

function assertPublicHost(hostname: string): void {
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  if (isIP(literal) !== 0) {
    const refused = refuseAddress(hostname, literal);
    if (refused !== null) throw refused;
    return;
  }
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  const labels = name.split('.');
  if (name.length > 253 || labels.length < 2 || !labels.every((label) => hostLabel.test(label)))
    throw new ForbiddenAddressError('host', hostname, `${hostname} is not a public host name.`);
  if (specialUseNames.test(name))
    throw new ForbiddenAddressError('host', hostname, `${hostname} is a name for private use.`);
}

/** The error for an address, found for `host`, that is not public; null when it is. */
export function refuseAddress(host: string, address: string): ForbiddenAddressError | null {
  if (isPublicAddress(address)) return null;
  return new ForbiddenAddressError('address', host, `${host} is at an address that is not public.`);
}
