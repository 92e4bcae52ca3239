import { describe, expect, it } from 'vitest';
import { parseSources } from '../../lib/sources/source-list.ts';
import { secret } from './signed-delivery.ts';

describe('the list of sources', () => {
  it.each([
    ['a short secret', { secrets: ['whsec_AAAA'] }, 'demo.secrets.0'],
    ['a secret that is no base64', { secrets: ['whsec_hunter2!'] }, 'demo.secrets.0'],
    ['no secret', { secrets: [] }, 'demo.secrets'],
    ['six secrets', { secrets: Array.from({ length: 6 }, () => secret) }, 'demo.secrets'],
    ['an unknown adapter', { secrets: [secret], adapter: 'carrier-pigeon' }, 'demo.adapter'],
    ['an unknown meaning of a delete', { secrets: [secret], onDelete: 'hunter2' }, 'demo.onDelete'],
  ])('is not usable with %s, and says so without a value', (_what, source, field) => {
    const parse = () => parseSources(JSON.stringify({ demo: source }));
    expect(parse).toThrow(field);
    expect(parse).not.toThrow(/hunter2|whsec_[A-Z]/);
  });

  it('is not usable when it is no JSON or names a source with a colon', () => {
    expect(() => parseSources('hunter2')).toThrow(/^The sources are not usable: they are not JSON\.$/);
    expect(() => parseSources(JSON.stringify({ 'a:b': { secrets: [secret] } }))).toThrow('a:b');
  });

  it('holds no source that only objects have', () => {
    expect(parseSources(JSON.stringify({ demo: { secrets: [secret] } })).get('constructor')).toBeUndefined();
  });
});
