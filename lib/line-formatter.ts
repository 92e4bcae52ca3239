import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { currentWork } from './current-work.ts';

/**
 * A line of the log: what happened, what the work under way is about, the details, and where it was. Every byte is
 * paid for, so that what Powertools adds by itself and nobody asks for is left out.
 * https://docs.aws.amazon.com/powertools/typescript/latest/features/logger/#custom-log-formatter
 */
export class LineFormatter extends LogFormatter {
  override formatAttributes(line: UnformattedAttributes, details: LogAttributes): LogItem {
    const { logLevel, message, timestamp, serviceName, xRayTraceId, lambdaContext } = line;
    return new LogItem({
      attributes: {
        level: logLevel,
        message,
        timestamp: this.formatTimestamp(timestamp),
        ...currentWork().about,
        ...details,
        service: serviceName,
        function_name: lambdaContext?.functionName,
        function_request_id: lambdaContext?.awsRequestId,
        cold_start: lambdaContext?.coldStart === true ? true : undefined,
        xray_trace_id: xRayTraceId,
      },
    });
  }
}
