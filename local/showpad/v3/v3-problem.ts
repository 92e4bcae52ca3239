const numbers = {
  2001: 'InvalidParameterError',
  2002: 'NegativeParameterError',
  2003: 'NotNumericParameterError',
  2004: 'NotIntegerParameterError',
  3004: 'ResourceNotFoundError',
  3008: 'ResourceNotModifiableError',
  4001: 'ChoiceValidationError',
  4004: 'FileTooBigValidationError',
  4005: 'FileValidationError',
  4006: 'FormatValidationError',
  4008: 'IsRequiredValidationError',
  4009: 'NotUniqueValidationError',
  4013: 'WrongFileTypeValidationError',
  5000: 'InvalidBodyError',
  5001: 'InvalidJsonBodyError',
} as const;

/** Names for what has an HTTP status but no error number of Showpad's list; the status stands as its number. */
const names: Readonly<Record<number, string>> = {
  401: 'UnauthorizedError',
  403: 'ForbiddenError',
  404: 'ResourceNotFoundError',
  405: 'ResourceNotModifiableError',
  429: 'TooManyRequestsError',
};

const messages: Readonly<Record<number, string>> = {
  401: 'Authorization is either invalid or expired.',
  403: 'You are not allowed to do this.',
  404: 'The resource could not be found.',
  405: 'The resource does not support this method.',
  429: 'The request limit has been reached.',
};

interface V3ProblemOptions {
  readonly code?: keyof typeof numbers;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal of API v3, thrown by operations and answered in the envelope with Showpad's error number. */
export class V3Problem extends Error {
  readonly status: number;
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, { code, message, headers = {} }: V3ProblemOptions = {}) {
    super(message ?? messages[status] ?? 'The request could not be completed.');
    this.status = status;
    this.code = code ?? (status === 404 ? 3004 : status);
    this.name = code === undefined ? (names[status] ?? 'Error') : numbers[code];
    this.headers = headers;
  }

  static invalid(code: keyof typeof numbers, message: string): V3Problem {
    return new V3Problem(400, { code, message });
  }
}
