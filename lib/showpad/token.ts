/** Where bearer tokens come from, and where a refused one is reported to. */
export interface TokenSource {
  /** The current token. Concurrent callers share one load. */
  get(): Promise<string>;
  /**
   * Showpad refused this token (401). Forgets it, by value: when a newer one is already there, late refusals
   * of the old one change nothing, so any number of concurrent 401s costs one load.
   */
  reject(token: string): void;
}

/** A token that somebody manages elsewhere, such as a personal API token in a secret store. */
export function staticToken(load: () => Promise<string>): TokenSource {
  let loading: Promise<string> | null = null;
  let loaded: string | null = null;

  return {
    get() {
      loading ??= load().then(
        (token) => (loaded = token),
        (error: unknown) => {
          loading = null;
          throw error;
        },
      );
      return loading;
    },
    reject(token) {
      if (token !== loaded) return;
      loading = null;
      loaded = null;
    },
  };
}
