import { describe, expect, it } from 'vitest';
import { assertPublicUrl, ForbiddenAddressError, isPublicAddress } from '../../lib/public-addresses.ts';

const words = (text: string) => text.trim().split(/\s+/);
const specialAddresses = words(`
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 127.0.0.1 127.255.255.255
  169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.254 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1
  192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
  100.100.100.200 168.63.129.16 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::7f00:1 ::ffff:0:127.0.0.1
  64:ff9b::7f00:1 64:ff9b:1::a00:1 100::1 2001::1 2001:2::1 2001:20::1 2001:db8::1 2002:7f00:1:: 3fff::1
  5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1 1::1
`);
const publicAddresses = [
  '93.184.216.34',
  '8.8.8.8',
  '172.32.0.1',
  '2606:2800:220:1::1',
  '2a00:1450:4001::8a',
];
const notAddresses = [
  '',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '2130706433',
  '0177.0.0.1',
  '[::1]',
  '1.2.3.4.5',
];

describe('isPublicAddress', () => {
  it.each(specialAddresses)('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
  it.each(publicAddresses)('accepts %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each(notAddresses)('refuses %j, which is no strict address', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });
});

function reasonOf(url: string): string | null {
  try {
    assertPublicUrl(url, { protocols: ['https:'] });
    return null;
  } catch (error) {
    return error instanceof ForbiddenAddressError ? error.reason : 'another error';
  }
}

describe('assertPublicUrl', () => {
  it('says which rule was broken', () => {
    expect(reasonOf('not a url')).toBe('malformed');
    expect(reasonOf(`https://cdn.acme.com/${'a'.repeat(9000)}`)).toBe('malformed');
    expect(reasonOf('ftp://cdn.acme.com/a')).toBe('scheme');
    expect(reasonOf('http://cdn.acme.com/a')).toBe('scheme');
    expect(reasonOf('https://user:pw@cdn.acme.com/a')).toBe('userinfo');
    expect(reasonOf('https://cdn.acme.com:8443/a')).toBe('port');
    expect(reasonOf('https://printer.local/a')).toBe('host');
    expect(reasonOf('https://10.0.0.1/a')).toBe('address');
  });

  it.each([
    'https://cdn.acme.com/a',
    'https://cdn.acme.com:443/a',
    'https://CDN.acme.com./a?signature=a%2Fb&expires=1',
    'https://a.b.c.d.acme.co.uk/',
    'https://b\u00fccher.example.org/a',
    'https://xn--bcher-kva.example.org/a',
    'https://93.184.216.34/a',
    'https://[2606:2800:220:1::1]/a',
  ])('accepts %s', (url) => {
    expect(reasonOf(url)).toBe(null);
  });

  it('never repeats the path, the query or the credentials of a URL', () => {
    const secrets = [
      'https://user:hunter2@10.0.0.1/secret?token=hunter2',
      'https://10.0.0.1/secret?token=hunter2',
    ];
    for (const url of secrets) expect(() => assertPublicUrl(url)).toThrow(/^(?!.*(?:hunter2|secret))/);
  });

  it('lets loopback, names without a dot and any port pass where private addresses are allowed', () => {
    const policy = { allowPrivateAddresses: true };
    expect(assertPublicUrl('http://127.0.0.1:4567/a', policy).port).toBe('4567');
    expect(assertPublicUrl('http://localhost:4567/a', policy).hostname).toBe('localhost');
    expect(() => assertPublicUrl('file:///etc/passwd', policy)).toThrow(ForbiddenAddressError);
    expect(() => assertPublicUrl('http://user@127.0.0.1/', policy)).toThrow(ForbiddenAddressError);
  });

  it('can open other ports of public hosts', () => {
    expect(assertPublicUrl('https://dam.acme.com:8443/a', { ports: 'any' }).port).toBe('8443');
    expect(() => assertPublicUrl('https://10.0.0.1:8443/a', { ports: 'any' })).toThrow(ForbiddenAddressError);
  });
});
