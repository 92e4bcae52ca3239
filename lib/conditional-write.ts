import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';

/** Waits for a conditional write: true when it was made, false when its condition did not hold. */
export async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/**
 * Marks a write as its own. The SDK repeats a request whose answer was lost, and a write that has changed what its
 * condition asks for would then take itself for somebody else's: one that leaves this mark on the item, in the
 * attribute `writer`, and whose condition also holds for an item that bears it, is made, and answered, as once.
 */
export function ownMark(): { writer: string; orOwn: (condition: string) => string } {
  return { writer: randomUUID(), orOwn: (condition) => `(${condition}) OR writer = :writer` };
}
