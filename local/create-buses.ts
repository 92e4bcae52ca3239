import { request } from 'undici';
import type { BusProperties, Described, EventRuleProperties } from './template.ts';

/**
 * Makes the template's buses with their rules in the EventBridge that answers there.
 * @throws {Error} in its words when it does not understand a rule
 */
export async function createBuses(
  {
    buses,
    eventRules,
  }: {
    readonly buses: readonly Described<BusProperties>[];
    readonly eventRules: readonly Described<EventRuleProperties>[];
  },
  url: string,
): Promise<void> {
  for (const { properties } of buses) await call(url, 'CreateEventBus', { Name: properties.Name });
  for (const { logicalId: Name, properties } of eventRules) {
    const { EventBusName, EventPattern, State, Targets } = properties;
    const pattern = JSON.stringify(EventPattern);
    await call(url, 'PutRule', { Name, EventBusName, EventPattern: pattern, State });
    await call(url, 'PutTargets', { Rule: Name, EventBusName, Targets });
  }
}

async function call(url: string, action: string, input: object): Promise<void> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSEvents.${action}` },
    body: JSON.stringify(input),
  });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`EventBridge refused ${action}: ${answer}`);
}
