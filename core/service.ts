/**
 * Service tokens: names that carry a type, by which plugins meet.
 *
 * @module
 */

/** Phantom key under which a token carries its type; never set. */
export declare const SERVICE: unique symbol;

/** A frozen name for a service of type `T`. */
export interface ServiceToken<T> {
  /** Name in messages: `iscsi`, `ha-link`. */
  readonly name: string;
  /** Carries the type; never set. */
  readonly [SERVICE]?: T;
}

/** Makes a token. Tokens are compared by identity: define each once. */
export function defineService<T>(name: string): ServiceToken<T> {
  return Object.freeze({ name });
}

/** A set of tokens under local names. */
export type ServiceTokens = Readonly<Record<string, ServiceToken<unknown>>>;

/** The service that a token names. */
export type ServiceOf<Token> = Token extends ServiceToken<infer T> ? T : never;

/** What `setup` receives: required services present, optional ones maybe. */
export type Services<
  Required extends ServiceTokens,
  Optional extends ServiceTokens,
> =
  & { readonly [Name in keyof Required]: ServiceOf<Required[Name]> }
  & {
    readonly [Name in keyof Optional]: ServiceOf<Optional[Name]> | undefined;
  };
