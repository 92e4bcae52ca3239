import { describe, expect, it } from 'vitest';
import type { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { SourceAllowance } from '../../lib/source-allowance.ts';
import { useEmbeddedTable } from './embedded-table.ts';

const table = useEmbeddedTable();
let sources = 0;
const newSource = (): string => `source-${(sources += 1)}`;

/** Containers that share a table and a clock, and how often they have written. */
function startContainers(count: number) {
  const world = { now: Date.UTC(2026, 0, 1), writes: 0 };
  const { database, tableName } = table();
  const counting = Object.assign(Object.create(database) as typeof database, {
    send: (command: UpdateCommand) => {
      world.writes += 1;
      return database.send(command);
    },
  });
  const containers = Array.from(
    { length: count },
    () => new SourceAllowance(counting, tableName, () => world.now),
  );
  return { world, containers };
}

describe('the allowance of a source', () => {
  it('is reached at its number, and is there again in the next minute', async () => {
    const { world, containers } = startContainers(1);
    const [allowance] = containers;
    const source = newSource();
    world.now += 12_300;
    const answers: (number | null | undefined)[] = [];
    for (let event = 0; event < 25; event += 1) answers.push(await allowance?.take(source, 1, 20));
    expect(answers.filter((answer) => answer === null)).toHaveLength(20);
    expect(answers.slice(20)).toEqual([48, 48, 48, 48, 48]);
    world.now += 48_000;
    expect(await allowance?.take(source, 1, 20)).toBeNull();
  });

  it('is one for all containers, give or take a little', async () => {
    const { containers } = startContainers(8);
    const source = newSource();
    let passed = 0;
    for (let round = 0; round < 300; round += 1) {
      for (const container of containers) {
        if ((await container.take(source, 1, 1_000)) === null) passed += 1;
      }
    }
    expect(passed).toBeGreaterThanOrEqual(1_000);
    expect(passed).toBeLessThanOrEqual(1_060);
  });

  it('costs no write far from the limit, and few on the way there', async () => {
    const { world, containers } = startContainers(1);
    const [allowance] = containers;
    const source = newSource();
    for (let event = 0; event < 3_000; event += 1) await allowance?.take(source, 1, 60_000);
    expect(world.writes).toBe(0);
    for (let event = 3_000; event < 60_000; event += 100) await allowance?.take(source, 100, 60_000);
    expect(world.writes).toBeGreaterThan(0);
    expect(world.writes).toBeLessThan(120);
    expect(await allowance?.take(source, 1, 60_000)).toBeGreaterThan(0);
  });

  it("lets one large delivery through, and is nobody else's", async () => {
    const { containers } = startContainers(1);
    const [allowance] = containers;
    const [one, other] = [newSource(), newSource()];
    expect(await allowance?.take(one, 100, 10)).toBeNull();
    expect(await allowance?.take(one, 1, 10)).not.toBeNull();
    expect(await allowance?.take(other, 1, 10)).toBeNull();
  });

  it('refuses nobody when it cannot be counted together', async () => {
    const broken = new SourceAllowance(table().database, 'no-such-table', () => 0);
    expect(await broken.take('a', 1, 2)).toBeNull();
    expect(await broken.take('a', 1, 2)).toBeNull();
    expect(await broken.take('a', 1, 2)).toBe(60);
  });
});
