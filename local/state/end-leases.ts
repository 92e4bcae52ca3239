import { ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * Ends every lease of a table. Only for a stack that has this table to itself and runs nothing yet: whoever held a
 * lease died with the stack that was here before. On AWS an invocation may die alone, nobody knows of it, and its
 * lease runs out by itself, as its message becomes visible by itself; fences go on counting in both cases.
 */
export async function endLeases(dynamodb: DynamoDBClient, tableName: string): Promise<void> {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamodb.send(
      new ScanCommand({
        TableName: tableName,
        FilterExpression: 'attribute_exists(leasedUntil)',
        ProjectionExpression: 'pk, sk',
        ConsistentRead: true,
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    );
    for (const key of Items) {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: key,
          UpdateExpression: 'REMOVE leasedUntil, leaseHolder',
        }),
      );
    }
    start = LastEvaluatedKey;
  } while (start !== undefined);
}
