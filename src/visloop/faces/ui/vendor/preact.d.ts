// Written by hand: what the page uses of Preact.
export interface VNode {
  readonly type: unknown;
  readonly props: unknown;
}
export type Child = VNode | string | number | boolean | null | undefined | readonly Child[];
export type View<P> = (properties: P) => Child;
export function h<P extends object>(view: View<P>, properties: (P & { key?: string | number }) | null, ...children: Child[]): VNode;
export function h(tag: string, properties: Record<string, any> | null, ...children: Child[]): VNode;
export function render(node: Child, into: Element): void;
export function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useEffect(effect: () => void | (() => void), changes?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), changes?: readonly unknown[]): void;
export function useMemo<T>(make: () => T, changes: readonly unknown[]): T;
export function useCallback<T>(made: T, changes: readonly unknown[]): T;
export function useRef<T>(first: T): { current: T };
export function useErrorBoundary(told?: (caught: unknown) => void): [unknown, () => void];
