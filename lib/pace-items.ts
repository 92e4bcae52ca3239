import { GetCommand, UpdateCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { RateKnowledge } from './pace-rate.ts';

export type Api = 'v4' | 'v3';

/** The pace of one API of an organisation, as all containers share it. */
export interface PaceState extends RateKnowledge {
  /** The next slot in the line that nobody has claimed, in milliseconds since the epoch. */
  readonly nextFreeAtMs: number;
  /** Until then nobody sends anything. */
  readonly pausedUntilMs: number;
  /** Grows with every halving of the rate, which voids the slots that were claimed before. */
  readonly episode: number;
  /** Episodes since an answer was no 429. */
  readonly throttles: number;
  /** Until then few calls are left. */
  readonly scarceUntilMs: number;
}

/** Each change is one conditional write; it answers with the state after it, or null when its condition did not hold. */
export interface PaceStore {
  read(api: Api): Promise<PaceState>;
  /** Restarts a line that has run dry, from now. */
  claimEmpty(api: Api, claim: { nowMs: number; untilMs: number }): Promise<PaceState | null>;
  /** Takes the next slot, unless it lies outside `earliestMs` to `latestMs`. */
  claimNext(
    api: Api,
    claim: { earliestMs: number; latestMs: number; intervalMs: number; busyMs: number },
  ): Promise<PaceState | null>;
  /** Only ever makes a pause longer. */
  pause(api: Api, untilMs: number): Promise<PaceState | null>;
  /** Pauses and halves the rate, once for all requests of an episode. */
  halve(api: Api, halving: { episode: number; ceiling: number; untilMs: number }): Promise<PaceState | null>;
  /** An answer of this episode was no 429. */
  calm(api: Api, episode: number): Promise<PaceState | null>;
  setScarce(api: Api, untilMs: number): Promise<PaceState | null>;
}

const unknownPace: PaceState = {
  ceiling: null,
  busyMs: 0,
  nextFreeAtMs: 0,
  pausedUntilMs: 0,
  episode: 0,
  throttles: 0,
  scarceUntilMs: 0,
};

/** The pace in the table: one item for each API. Errors are those of the AWS SDK. */
export class PaceItems implements PaceStore {
  readonly #database: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #hosts: Readonly<Record<Api, string>>;

  /** @param hosts of the organisation: another organisation has a pace of its own */
  constructor(database: DynamoDBDocumentClient, table: string, hosts: Readonly<Record<Api, string>>) {
    this.#database = database;
    this.#table = table;
    this.#hosts = hosts;
  }

  async read(api: Api): Promise<PaceState> {
    const { Item } = await this.#database.send(
      new GetCommand({ TableName: this.#table, Key: this.#key(api), ConsistentRead: true }),
    );
    return stateOf(Item);
  }

  claimEmpty(api: Api, { nowMs, untilMs }: { nowMs: number; untilMs: number }): Promise<PaceState | null> {
    return this.#change(api, {
      UpdateExpression: 'SET nextFreeAtMs = :until',
      ConditionExpression: 'attribute_not_exists(nextFreeAtMs) OR nextFreeAtMs < :now',
      ExpressionAttributeValues: { ':until': untilMs, ':now': nowMs },
    });
  }

  claimNext(
    api: Api,
    claim: { earliestMs: number; latestMs: number; intervalMs: number; busyMs: number },
  ): Promise<PaceState | null> {
    return this.#change(api, {
      UpdateExpression:
        'SET nextFreeAtMs = nextFreeAtMs + :interval, busyMs = if_not_exists(busyMs, :zero) + :busy',
      ConditionExpression: 'nextFreeAtMs BETWEEN :earliest AND :latest',
      ExpressionAttributeValues: {
        ':interval': claim.intervalMs,
        ':busy': claim.busyMs,
        ':earliest': claim.earliestMs,
        ':latest': claim.latestMs,
        ':zero': 0,
      },
    });
  }

  async pause(api: Api, untilMs: number): Promise<PaceState | null> {
    const ExpressionAttributeValues = { ':until': untilMs };
    // A line that reaches beyond the pause stays as long as it is: its slots are taken.
    const paused = await this.#change(api, {
      UpdateExpression: 'SET pausedUntilMs = :until, nextFreeAtMs = :until',
      ConditionExpression: `(${longerPause}) AND (attribute_not_exists(nextFreeAtMs) OR nextFreeAtMs < :until)`,
      ExpressionAttributeValues,
    });
    if (paused !== null) return paused;
    return this.#change(api, {
      UpdateExpression: 'SET pausedUntilMs = :until',
      ConditionExpression: longerPause,
      ExpressionAttributeValues,
    });
  }

  halve(
    api: Api,
    { episode, ceiling, untilMs }: { episode: number; ceiling: number; untilMs: number },
  ): Promise<PaceState | null> {
    const isFirst = episode === 0 ? 'attribute_not_exists(episode) OR ' : '';
    return this.#change(api, {
      UpdateExpression:
        'SET pausedUntilMs = :until, nextFreeAtMs = :until, ceiling = :ceiling, busyMs = :zero, ' +
        'episode = :next, throttles = if_not_exists(throttles, :zero) + :one',
      ConditionExpression: `(${isFirst}episode = :episode) AND (${longerPause})`,
      ExpressionAttributeValues: {
        ':until': untilMs,
        ':ceiling': ceiling,
        ':episode': episode,
        ':next': episode + 1,
        ':zero': 0,
        ':one': 1,
      },
    });
  }

  calm(api: Api, episode: number): Promise<PaceState | null> {
    return this.#change(api, {
      UpdateExpression: 'SET throttles = :zero',
      ConditionExpression: 'episode = :episode',
      ExpressionAttributeValues: { ':zero': 0, ':episode': episode },
    });
  }

  setScarce(api: Api, untilMs: number): Promise<PaceState | null> {
    return this.#change(api, {
      UpdateExpression: 'SET scarceUntilMs = :until',
      ExpressionAttributeValues: { ':until': untilMs },
    });
  }

  async #change(api: Api, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>): Promise<PaceState | null> {
    try {
      const { Attributes } = await this.#database.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: this.#key(api),
          ReturnValues: 'ALL_NEW',
          ...change,
        }),
      );
      return stateOf(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return null;
      throw error;
    }
  }

  #key(api: Api): { pk: string; sk: string } {
    return { pk: `PACE#${this.#hosts[api]}`, sk: api };
  }
}

const longerPause = 'attribute_not_exists(pausedUntilMs) OR pausedUntilMs < :until';

function stateOf(item: Record<string, unknown> | undefined): PaceState {
  return { ...unknownPace, ...item };
}
