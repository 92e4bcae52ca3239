import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { useSqs } from './sqs-rig.ts';

describe('without disorder', () => {
  const sqs = useSqs();
  const send = async (url: string, MessageGroupId: string | undefined, ...bodies: string[]) => {
    for (const body of bodies) await sqs().send(url, body, { MessageGroupId });
  };
  const next = async (url: string) => (await sqs().bodies(url, { MaxNumberOfMessages: 1 })).join('');

  it('the oldest message of all comes first while no group has more in flight than another', async () => {
    const url = await sqs().create('work');
    await send(url, 'a', 'a1');
    await send(url, 'b', 'b1');
    await send(url, undefined, 'alone');
    await send(url, 'c', 'c1');
    expect(await sqs().bodies(url)).toEqual(['a1', 'b1', 'alone', 'c1']);
  });

  it('a late message of a quiet group passes by the backlog of another', async () => {
    const url = await sqs().create('work');
    await send(url, 'noisy', 'n1', 'n2', 'n3', 'n4');
    expect([await next(url), await next(url)]).toEqual(['n1', 'n2']);
    await send(url, 'quiet', 'q1', 'q2', 'q3');
    expect([await next(url), await next(url)]).toEqual(['q1', 'q2']);
    // Now both have two in flight, and the older message counts.
    expect([await next(url), await next(url), await next(url)]).toEqual(['n3', 'q3', 'n4']);
  });

  it('one receive of many messages is shared out fairly too', async () => {
    const url = await sqs().create('work');
    await send(url, 'noisy', ...Array.from({ length: 20 }, (_, index) => `n${index}`));
    await send(url, 'quiet', 'q0', 'q1');
    expect(await sqs().bodies(url, { MaxNumberOfMessages: 6 })).toEqual(['n0', 'q0', 'n1', 'q1', 'n2', 'n3']);
  });

  it('messages without a group are each a group of their own', async () => {
    const url = await sqs().create('work');
    await send(url, 'noisy', 'n1', 'n2', 'n3');
    await send(url, undefined, 'x', 'y');
    expect(await sqs().bodies(url)).toEqual(['n1', 'x', 'y', 'n2', 'n3']);
  });

  it('what was deleted, or came back, does not count as in flight any more', async () => {
    const url = await sqs().create('work');
    await send(url, 'a', 'a1', 'a2', 'a3');
    const [first] = await sqs().receive(url, { MaxNumberOfMessages: 1 });
    await sqs().receive(url, { MaxNumberOfMessages: 1 });
    await send(url, 'b', 'b1', 'b2');
    await sqs().client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    // In flight: a 1, b 0; then both 1.
    expect([await next(url), await next(url)]).toEqual(['b1', 'a3']);
    sqs().pass(30);
    expect(await sqs().bodies(url)).toEqual(['a2', 'b1', 'a3', 'b2']);
  });

  it('a group delays nobody, itself included', async () => {
    const url = await sqs().create('work');
    await send(url, 'only', 'o1', 'o2', 'o3');
    expect(await sqs().bodies(url)).toEqual(['o1', 'o2', 'o3']);
  });
});

describe('with the disorder of a standard queue', () => {
  const sqs = useSqs({ disorder: true });

  it.each([undefined, 'demo'])(
    'messages of group %s overtake each other a little, always in the same way',
    async (MessageGroupId) => {
      const sent = Array.from({ length: 40 }, (_, index) => String(index));
      const orders = [];
      for (const name of ['one', 'two']) {
        const url = await sqs().create(name);
        for (const body of sent) await sqs().send(url, body, { MessageGroupId });
        const order = [];
        for (let round = 0; round < 4; round += 1) order.push(...(await sqs().bodies(url)));
        orders.push(order);
      }
      const [order = [], second] = orders;
      expect(second).toEqual(order);
      expect(order).not.toEqual(sent);
      expect(order.toSorted((one, other) => Number(one) - Number(other))).toEqual(sent);
      const ahead = order.map((body, index) => Number(body) - index);
      expect(Math.max(...ahead)).toBeLessThan(4);
    },
  );
});
