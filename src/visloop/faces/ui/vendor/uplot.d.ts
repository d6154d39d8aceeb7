// Written by hand: what the page uses of uPlot.
export default class uPlot {
  constructor(options: Record<string, any>, columns: ReadonlyArray<ReadonlyArray<number | null>>, into: Element);
  readonly cursor: { readonly idx?: number | null };
  setData(columns: ReadonlyArray<ReadonlyArray<number | null>>): void;
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
}
