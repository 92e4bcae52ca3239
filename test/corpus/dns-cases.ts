/** What a name resolves to, and what becomes of a file that is to be fetched from there. */
export interface DnsCase {
  readonly addresses: readonly string[];
  readonly result: 'SOURCE_FORBIDDEN_ADDRESS' | 'SOURCE_UNREACHABLE';
}

const forbidden = (...addresses: string[]): DnsCase => ({ addresses, result: 'SOURCE_FORBIDDEN_ADDRESS' });

export const dnsCases: readonly DnsCase[] = [
  forbidden('127.0.0.1'),
  forbidden('10.1.2.3'),
  forbidden('169.254.169.254'),
  forbidden('93.184.216.34', '127.0.0.1'),
  forbidden('::1'),
  forbidden('::ffff:10.0.0.1'),
  forbidden('fd00:ec2::254'),
  forbidden('64:ff9b::a9fe:a9fe'),
  forbidden('0.0.0.0'),
  { addresses: [], result: 'SOURCE_UNREACHABLE' },
];
