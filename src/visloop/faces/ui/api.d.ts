// Made from the operations by tests/ui/api_types.py; a test fails when it drifts.

export interface Verbs {
  "add": { ask: AddAsk; answer: AddAnswer };
  "watch": { ask: WatchAsk; answer: WatchAnswer };
  "commit": { ask: CommitAsk; answer: Committed };
  "log": { ask: LogAsk; answer: { count: number; rows: LogRow[] } };
  "diff": { ask: DiffAsk; answer: { samples: Record<string, number>; objects: Record<string, number>; classes: ClassChange[]; details: Change[]; truncated: boolean; fields: (Record<string, any>)[]; a: string; b: string; total: number; by_class: Record<string, number>; sheet: string | null } };
  "tag": { ask: TagAsk; answer: Tagged };
  "tag.list": { ask: TagListAsk; answer: { count: number; rows: Tag[] } };
  "tag.remove": { ask: TagRemoveAsk; answer: Tagged };
  "branch": { ask: BranchAsk; answer: BranchAnswer };
  "branch.list": { ask: BranchListAsk; answer: { count: number; rows: Branch[] } };
  "branch.remove": { ask: BranchRemoveAsk; answer: BranchAnswer };
  "switch": { ask: SwitchAsk; answer: BranchAnswer };
  "merge": { ask: MergeAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "merge.status": { ask: MergeStatusAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "merge.show": { ask: MergeShowAsk; answer: { conflict: MergeConflict; base: Sample | null; ours: Sample | null; theirs: Sample | null } };
  "merge.resolve": { ask: MergeResolveAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "merge.finish": { ask: MergeFinishAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "merge.abort": { ask: MergeAbortAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "revert": { ask: RevertAsk; answer: { what: string; version: string | null; dataset: string; samples: number; open: number; conflicts: MergeConflict[]; dry_run: boolean; total: number; base: string | null; ours: string | null; theirs: string | null } };
  "blame": { ask: BlameAsk; answer: { count: number; rows: Blamed[] } };
  "checkout": { ask: CheckoutAsk; answer: CheckoutAnswer };
  "status": { ask: StatusAsk; answer: { count: number; rows: Status[] } };
  "samples": { ask: SamplesAsk; answer: { count: number; total: number; classes: string[]; splits: Record<string, number>; rows: Sample[]; state: string } };
  "query": { ask: QueryAsk; answer: QueryAnswer };
  "complete": { ask: CompleteAsk; answer: Completed };
  "view.save": { ask: ViewSaveAsk; answer: Rows };
  "view.list": { ask: ViewListAsk; answer: Rows };
  "view.remove": { ask: ViewRemoveAsk; answer: Rows };
  "search": { ask: SearchAsk; answer: SearchAnswer };
  "map": { ask: MapAsk; answer: MapAnswer };
  "map.points": { ask: MapPointsAsk; answer: PointsAnswer };
  "pick": { ask: PickAsk; answer: PickAnswer };
  "bulk": { ask: BulkAsk; answer: BulkAnswer };
  "bulk.undo": { ask: BulkUndoAsk; answer: BulkAnswer };
  "bulk.list": { ask: BulkListAsk; answer: Rows };
  "findings": { ask: FindingsAsk; answer: FindingsAnswer };
  "export": { ask: ExportAsk; answer: Exported };
  "formats": { ask: FormatsAsk; answer: { count: number; rows: FormatLine[] } };
  "split": { ask: SplitAsk; answer: SplitAnswer };
  "datasets": { ask: DatasetsAsk; answer: { count: number; rows: DatasetSummary[] } };
  "datasets.remove": { ask: DatasetsRemoveAsk; answer: RemovedDataset };
  "datasets.restore": { ask: DatasetsRestoreAsk; answer: RemovedDataset };
  "datasets.trash": { ask: DatasetsTrashAsk; answer: { count: number; rows: RemovedDataset[] } };
  "datasets.purge": { ask: DatasetsPurgeAsk; answer: RemovedDataset };
  "quarantine.list": { ask: QuarantineListAsk; answer: { count: number; rows: Quarantined[] } };
  "quarantine.retry": { ask: QuarantineRetryAsk; answer: AddAnswer };
  "quarantine.remove": { ask: QuarantineRemoveAsk; answer: Count };
  "remove": { ask: RemoveAsk; answer: Count };
  "unstage": { ask: UnstageAsk; answer: Count };
  "classes.list": { ask: ClassesListAsk; answer: { count: number; rows: ClassRow[] } };
  "classes.show": { ask: ClassesShowAsk; answer: OneClass };
  "classes.add": { ask: ClassesAddAsk; answer: { count: number; rows: ClassEntry[] } };
  "meta.fields": { ask: MetaFieldsAsk; answer: { count: number; rows: FieldSummary[] } };
  "meta.show": { ask: MetaShowAsk; answer: { count: number; rows: Value[] } };
  "meta.set": { ask: MetaSetAsk; answer: MetaChanged };
  "meta.import": { ask: MetaImportAsk; answer: MetaImported };
  "meta.field.list": { ask: MetaFieldListAsk; answer: Rows };
  "meta.field.add": { ask: MetaFieldAddAsk; answer: MetaChanged };
  "meta.field.rename": { ask: MetaFieldRenameAsk; answer: MetaChanged };
  "meta.field.remove": { ask: MetaFieldRemoveAsk; answer: MetaChanged };
  "camera.list": { ask: CameraListAsk; answer: { count: number; rows: CameraAnswer[] } };
  "camera.show": { ask: CameraShowAsk; answer: CameraAnswer };
  "camera.add": { ask: CameraAddAsk; answer: CameraAnswer };
  "camera.set": { ask: CameraSetAsk; answer: CameraAnswer };
  "camera.remove": { ask: CameraRemoveAsk; answer: Count };
  "camera.apply": { ask: CameraApplyAsk; answer: MetaChanged };
  "camera.align": { ask: CameraAlignAsk; answer: CameraAligned };
  "classes.set": { ask: ClassesSetAsk; answer: Rows };
  "classes.alias": { ask: ClassesAliasAsk; answer: Rows };
  "classes.remove": { ask: ClassesRemoveAsk; answer: Rows };
  "classes.import": { ask: ClassesImportAsk; answer: ImportedClasses };
  "classes.export": { ask: ClassesExportAsk; answer: ExportedClasses };
  "classes.rename": { ask: ClassesRenameAsk; answer: Refactored };
  "classes.merge": { ask: ClassesMergeAsk; answer: Refactored };
  "classes.split": { ask: ClassesSplitAsk; answer: Refactored };
  "train": { ask: TrainAsk; answer: Trained };
  "tune": { ask: TuneAsk; answer: Tuned };
  "tune.show": { ask: TuneShowAsk; answer: TuneAnswer };
  "tune.resume": { ask: TuneResumeAsk; answer: Tuned };
  "tune.join": { ask: TuneJoinAsk; answer: TuneJoined };
  "runs.resume": { ask: RunsResumeAsk; answer: Resumed };
  "runs.clone": { ask: RunsCloneAsk; answer: RunsCloned };
  "reproduce": { ask: ReproduceAsk; answer: Reproduced };
  "runs.list": { ask: RunsListAsk; answer: { count: number; total: number; rows: RunLine[] } };
  "runs.show": { ask: RunsShowAsk; answer: { run: Run; metrics: Metric[]; predictions: string[] } };
  "runs.curves": { ask: RunsCurvesAsk; answer: { count: number; rows: Curve[] } };
  "runs.compare": { ask: RunsCompareAsk; answer: RunsCompared };
  "runs.experiments": { ask: RunsExperimentsAsk; answer: { count: number; rows: Experiment[] } };
  "runs.artifacts": { ask: RunsArtifactsAsk; answer: { count: number; rows: Artifact[] } };
  "runs.fetch": { ask: RunsFetchAsk; answer: Rows };
  "runs.start": { ask: RunsStartAsk; answer: RunNamed };
  "runs.log": { ask: RunsLogAsk; answer: RunLogged };
  "runs.save": { ask: RunsSaveAsk; answer: Rows };
  "runs.note": { ask: RunsNoteAsk; answer: RunNoted };
  "runs.end": { ask: RunsEndAsk; answer: RunNamed };
  "runs.remove": { ask: RunsRemoveAsk; answer: RunNamed };
  "runs.push": { ask: RunsPushAsk; answer: Rows };
  "runs.import": { ask: RunsImportAsk; answer: Rows };
  "runs.export": { ask: RunsExportAsk; answer: RunExported };
  "evaluate": { ask: EvaluateAsk; answer: { model: string; task: string; on: string; n: number; metrics: Record<string, number>; intervals: Record<string, [number, number]>; per_class: ClassReport[]; classes: string[]; confusion: number[][]; calibration: Calibrated[]; baseline: string; left_out: Record<string, number>; trained_on: number; report: string; sizes: (Record<string, any>)[]; resamples: number; seed: number; beside: (Record<string, any>)[]; labels: string[]; confused: (Record<string, any>)[]; curves: (Record<string, any>)[]; errors: (Record<string, any>)[]; slices: (Record<string, any>)[]; looked_at: number; found: (Record<string, any>)[]; searched: number; tested: number; worst: (Record<string, any>)[]; loss: string; html: string | null } };
  "explain": { ask: ExplainAsk; answer: Explained };
  "assess": { ask: AssessAsk; answer: Assessed };
  "gate": { ask: GateAsk; answer: { verdict: string; model: string; against: string | null; on: string; checks: Check[]; policy: string; incidents: (Record<string, any>)[]; inputs: Record<string, string>; assessments: (Record<string, any>)[]; changes: string[]; dry_run: boolean; html: string | null } };
  "incident.add": { ask: IncidentAddAsk; answer: IncidentAdded };
  "incident.list": { ask: IncidentListAsk; answer: Rows };
  "incident.show": { ask: IncidentShowAsk; answer: IncidentAnswer };
  "incident.close": { ask: IncidentCloseAsk; answer: IncidentAnswer };
  "incident.reopen": { ask: IncidentReopenAsk; answer: IncidentAnswer };
  "policy.show": { ask: PolicyShowAsk; answer: PolicyShown };
  "policy.diff": { ask: PolicyDiffAsk; answer: PolicyChanges };
  "policy.approve": { ask: PolicyApproveAsk; answer: PolicyShown };
  "models": { ask: ModelsAsk; answer: { count: number; rows: ModelLine[] } };
  "model.show": { ask: ModelShowAsk; answer: { model: ModelDetail; card: string; verdict: Verbs["gate"]["answer"] | null; report: Verbs["evaluate"]["answer"] | null; variants: VariantRow[]; variant_of: string } };
  "model.card": { ask: ModelCardAsk; answer: Card };
  "model.import": { ask: ModelImportAsk; answer: ModelImported };
  "model.export": { ask: ModelExportAsk; answer: ModelExported };
  "model.verify": { ask: ModelVerifyAsk; answer: ModelVerified };
  "model.key": { ask: ModelKeyAsk; answer: SigningKey };
  "model.approve": { ask: ModelApproveAsk; answer: ModelDecision };
  "model.reject": { ask: ModelRejectAsk; answer: ModelDecision };
  "model.promote": { ask: ModelPromoteAsk; answer: Promoted };
  "model.rollback": { ask: ModelRollbackAsk; answer: Promoted };
  "model.alias": { ask: ModelAliasAsk; answer: ModelDecision };
  "model.archive": { ask: ModelArchiveAsk; answer: Shelved };
  "model.push": { ask: ModelPushAsk; answer: ModelPushed };
  "deploy": { ask: DeployAsk; answer: Deployed };
  "rollback": { ask: RollbackAsk; answer: Deployed };
  "rollout.show": { ask: RolloutShowAsk; answer: { count: number; rows: RolloutRow[] } };
  "rollout.promote": { ask: RolloutPromoteAsk; answer: RolloutEnded };
  "rollout.stop": { ask: RolloutStopAsk; answer: RolloutEnded };
  "deployments": { ask: DeploymentsAsk; answer: { count: number; rows: DeploymentRow[] } };
  "predictions": { ask: PredictionsAsk; answer: { count: number; rows: Logged[] } };
  "predict": { ask: PredictAsk; answer: Predicted };
  "batches": { ask: BatchesAsk; answer: { count: number; rows: BatchRow[] } };
  "key.add": { ask: KeyAddAsk; answer: KeyAdded };
  "key.list": { ask: KeyListAsk; answer: { count: number; rows: KeyUse[] } };
  "key.remove": { ask: KeyRemoveAsk; answer: KeyRemoved };
  "monitor": { ask: MonitorAsk; answer: { name: string; state: string; verdict: string; windows: Window[]; alerts: Alert[]; captured: Record<string, number> } };
  "alerts.list": { ask: AlertsListAsk; answer: { count: number; rows: Alert[] } };
  "alerts.acknowledge": { ask: AlertsAcknowledgeAsk; answer: { count: number; rows: Alert[] } };
  "alerts.close": { ask: AlertsCloseAsk; answer: { count: number; rows: Alert[] } };
  "label.list": { ask: LabelListAsk; answer: { count: number; rows: Task[] } };
  "label.status": { ask: LabelStatusAsk; answer: { count: number; rows: QueueRow[] } };
  "label.next": { ask: LabelNextAsk; answer: { count: number; rows: Task[] } };
  "label.queue": { ask: LabelQueueAsk; answer: { count: number; rows: ShownTask[] } };
  "label.assign": { ask: LabelAssignAsk; answer: LabelAssigned };
  "label.unassign": { ask: LabelUnassignAsk; answer: LabelUnassigned };
  "label.back": { ask: LabelBackAsk; answer: { count: number; rows: Task[] } };
  "label.agreement": { ask: LabelAgreementAsk; answer: { dataset: string; pictures: number; people: string[]; fleiss: Figure; alpha: Figure; pairs: Pair[]; classes: Record<string, number>; overlaps: Record<string, Record<string, any>>; confused: ([string, string, number])[]; disagreed: Disagreed[] } };
  "label.people": { ask: LabelPeopleAsk; answer: { count: number; rows: Work[] } };
  "label.progress": { ask: LabelProgressAsk; answer: { left: number; today: number; measured: number; per_hour: Figure; left_s: Figure } };
  "label.gain": { ask: LabelGainAsk; answer: { dataset: string; model: string; metric: string; on: string; more: number; now: number | null; then: number | null; gain: number | null; low: number | null; high: number | null; judged: GainPoint[]; missing: string; fix: string[] } };
  "label.accept": { ask: LabelAcceptAsk; answer: { count: number; rows: Task[] } };
  "label.reject": { ask: LabelRejectAsk; answer: { count: number; rows: Task[] } };
  "label.undo": { ask: LabelUndoAsk; answer: { count: number; rows: Task[] } };
  "label.import": { ask: LabelImportAsk; answer: LabelsImported };
  "label.open": { ask: LabelOpenAsk; answer: OpenSample };
  "label.edit": { ask: LabelEditAsk; answer: EditedSample };
  "label.track": { ask: LabelTrackAsk; answer: FilmTracks };
  "label.doubt": { ask: LabelDoubtAsk; answer: LabelsDoubted };
  "label.propose": { ask: LabelProposeAsk; answer: Proposals };
  "loop.start": { ask: LoopStartAsk; answer: { deployment: string; on: boolean; state: string; waiting_for: string; waiting: number; accepted: number; needed: number; history: TurnRow[] } };
  "loop.stop": { ask: LoopStopAsk; answer: { deployment: string; on: boolean; state: string; waiting_for: string; waiting: number; accepted: number; needed: number; history: TurnRow[] } };
  "loop.status": { ask: LoopShowAsk; answer: { deployment: string; on: boolean; state: string; waiting_for: string; waiting: number; accepted: number; needed: number; history: TurnRow[] } };
  "loop.step": { ask: LoopStepAsk; answer: LoopStepped };
  "user.add": { ask: UserAddAsk; answer: UserAdded };
  "user.me": { ask: UserMeAsk; answer: Me };
  "user.list": { ask: UserListAsk; answer: { count: number; rows: Person[] } };
  "user.remove": { ask: UserRemoveAsk; answer: UserRemoved };
  "facts": { ask: FactsAsk; answer: { count: number; rows: FactRow[] } };
  "audit": { ask: AuditAsk; answer: Audited };
  "verify": { ask: VerifyAsk; answer: VerifyAnswer };
  "gc": { ask: GcAsk; answer: GcAnswer };
  "storage": { ask: StorageAsk; answer: StorageAnswer };
  "trace": { ask: TraceAsk; answer: Traced };
  "demo.images": { ask: DemoImagesAsk; answer: DemoWritten };
  "demo.video": { ask: DemoVideoAsk; answer: DemoWritten };
  "demo.stream": { ask: DemoStreamAsk; answer: Streamed };
}

export interface AddAnswer {
  added: number;
  updated: number;
  unchanged: number;
  quarantined: number;
  classes_added: string[];
  notes: string[];
  left_out: number;
  dry_run: boolean;
}

export interface AddAsk {
  paths: string[];
  to: string;
  format?: string;
  split?: string | null;
  map?: Record<string, string>;
  add_classes?: boolean;
  frames?: string;
  in_place?: boolean;
  pages?: "all" | "first";
  window?: string;
  privacy?: Record<string, string>;
  deep?: boolean;
  licence?: string;
  set?: Record<string, string>;
  camera?: string;
  add_class?: string[];
  dry_run?: boolean;
}

export interface Alert {
  id: string;
  project: string;
  deployment: string;
  model: string;
  state: "acknowledged" | "closed" | "open";
  severity: "critical" | "warning";
  what: string;
  p: number;
  windows: number;
  first_image: number;
  last_image: number;
  opened: string;
  opened_fact: number;
  updated: string;
  acknowledged: string | null;
  acknowledged_by: string | null;
  closed: string | null;
  closed_by: string | null;
  because: string | null;
}

export interface AlertsAcknowledgeAsk {
  alert: string;
}

export interface AlertsCloseAsk {
  alert: string;
}

export interface AlertsListAsk {
  state?: string | null;
}

export interface Answer {
  project: string;
  task: string;
  actor: string;
  role: string;
  state: string;
  assigned: string;
  annotations: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[] | null;
  labelled: boolean;
  seconds: number;
  given: string | null;
  comment: string;
  returned_by: string;
  format: number;
}

export interface Approval {
  id: string;
  model: string;
  number: number;
  decision: "approved" | "rejected";
  actor: string;
  reason: string;
  time: string;
}

export interface Arm {
  requests: number;
  errors: number;
  timed: number;
  slow: number;
}

export interface Artifact {
  run: string;
  path: string;
  size: number;
  digest: string;
  time: string;
}

export interface AssessAsk {
  kind: string;
  model: string;
  on?: string | null;
  set?: Record<string, string>;
  seed?: number | null;
  fresh?: boolean;
  html?: string | null;
}

export interface Assessed {
  assessment: string;
  kind: string;
  about: string;
  model: string;
  on: string;
  settings: Record<string, any>;
  seed: number;
  figures: Record<string, Record<string, any>>;
  rows: (Record<string, any>)[];
  notes: string[];
  pictures: (Record<string, any>)[];
  plots: (Record<string, any>)[];
  caveat: string;
  headline: Record<string, any>;
  seconds: number;
  edition: number;
  html: string | null;
}

export interface AuditAsk {
  head?: string | null;
}

export interface Audited {
  ok: boolean;
  facts: number;
  seals: number;
  head: string;
  problem: string;
}

export interface BatchRow {
  begun: string;
  command: string;
  done: number;
  ended: string | null;
  failed: number;
  id: string;
  model: string;
  out: string;
  resumed: number;
  sources: string[];
  state: string;
  total: number | null;
  video: string;
}

export interface BatchesAsk {
  model?: string;
}

export interface Because {
  alert?: string;
  alert_opened_s?: number;
  labels: number;
  trigger: string;
  what?: string;
}

export interface Beside {
  because: string;
  model: string;
  share: number;
  verdict: string;
}

export interface BlameAsk {
  ref: string;
  path: string;
  object_?: string | null;
}

export interface Blamed {
  object: string;
  label: string;
  field: string;
  value: any;
  version: string;
  time: string;
  actor: string;
  message: string;
  author: string;
}

export interface Box {
  type: "box";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  xyxy: [number, number, number, number];
}

export interface Branch {
  name: string;
  version: string;
  samples: number;
  ahead_of_main: number;
  behind_main: number;
  working: boolean;
  time: string;
}

export interface BranchAnswer {
  name: string;
  version: string;
  samples: number;
  working: boolean;
}

export interface BranchAsk {
  dataset: string;
  name: string;
  from_?: string | null;
  switch?: boolean;
}

export interface BranchListAsk {
  dataset: string;
}

export interface BranchRemoveAsk {
  dataset: string;
  name: string;
}

export interface BulkAnswer {
  key: string;
  dataset: string;
  matched: number;
  changed: number;
  queued: number;
  objects: number;
  again: boolean;
  undone: boolean;
  dry_run: boolean;
}

export interface BulkAsk {
  dataset: string;
  where: string;
  of?: string;
  places?: string;
  state?: string;
  tag?: string[];
  untag?: string[];
  label?: string;
  set?: Record<string, string>;
  split?: string;
  drop?: boolean;
  fix?: string;
  queue?: string;
  unfreeze?: boolean;
  dry_run?: boolean;
  key?: string;
}

export interface BulkListAsk {
  dataset: string;
  limit?: number;
}

export interface BulkUndoAsk {
  key: string;
}

export interface Calibrated {
  confidence: number;
  accuracy: number;
  n: number;
  interval: [number, number];
}

export interface CameraAddAsk {
  camera: string;
  place?: string | null;
  make?: string | null;
  model?: string | null;
  serial?: string | null;
  clock_offset_s?: number | null;
  since?: string | null;
  utc_offset?: string | null;
  calibration?: string | null;
  colour_profile?: string | null;
}

export interface CameraAlignAsk {
  ref: string;
  tolerance_s?: number;
  group_field?: string | null;
  dry_run?: boolean;
}

export interface CameraAligned {
  groups: (Record<string, any>)[];
  alone: number;
  without_camera: number;
  without_time: number;
  changed: number;
  notes: string[];
}

export interface CameraAnswer {
  id: string;
  place: string;
  make: string;
  model: string;
  serial: string;
  utc_offset: string;
  clocks: (Record<string, any>)[];
  calibration: Record<string, any> | null;
  colour_profile: string;
}

export interface CameraApplyAsk {
  dataset: string;
  dry_run?: boolean;
}

export interface CameraListAsk {
}

export interface CameraRemoveAsk {
  camera: string;
}

export interface CameraSetAsk {
  camera: string;
  place?: string | null;
  make?: string | null;
  model?: string | null;
  serial?: string | null;
  clock_offset_s?: number | null;
  since?: string | null;
  utc_offset?: string | null;
  calibration?: string | null;
  colour_profile?: string | null;
}

export interface CameraShowAsk {
  camera: string;
}

export interface CanaryPolicy {
  steps: number[];
  alpha: number;
  min_requests: number;
  max_hours: number;
  margin: number;
  slower: number;
  disagreement: number;
  promote: boolean;
}

export interface Candidate {
  path: string;
  image: string;
  bytes: number;
  width: number;
  height: number;
  media: string;
  mode: string;
  orientation: number;
  annotations: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[] | null;
  split: string | null;
  metadata: Record<string, any>;
  source: string;
  notes: string[];
}

export interface Card {
  model: string;
  card: string;
  html: string | null;
}

export interface Change {
  fields: string[];
  id: string;
  kinds: string[];
  metadata: ValueChange[];
  now: Sample | null;
  objects: ObjectChange[];
  path: string;
  was: Sample | null;
  was_path: string | null;
}

export interface Check {
  name: string;
  passed: boolean;
  wanted: string;
  value: number | null;
  n: number;
  detail: string;
  interval: [number | null, number | null] | null;
  evidence: string;
}

export interface CheckoutAnswer {
  ref: string;
  directory: string;
  written: number;
  removed: number;
  unchanged: number;
  renamed: number;
}

export interface CheckoutAsk {
  ref: string;
  directory: string;
  force?: boolean;
  repair?: boolean;
}

export interface ClassChange {
  kind: string;
  id: number;
  name: string;
  was_name: string | null;
}

export interface ClassEntry {
  id: number;
  name: string;
  parent?: string | null;
  aliases?: string[];
  color?: string;
  definition?: string;
  origins?: Origin[];
}

export interface ClassLabel {
  type: "class";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
}

export interface ClassReport {
  name: string;
  support: number;
  predicted: number;
  precision: number;
  recall: number;
  f1: number;
  intervals?: Record<string, [number, number]>;
  ap50?: number | null;
  ap?: number | null;
  iou?: number | null;
}

export interface ClassRow {
  id: number;
  name: string;
  objects: number | null;
  samples: number | null;
  color: string;
  parent: string | null;
  aliases: string[];
  definition: string;
  origins: Origin[];
}

export interface ClassesAddAsk {
  dataset: string;
  names: string[];
  parent?: string;
  alias?: string[];
  color?: string;
  definition?: string;
  dry_run?: boolean;
}

export interface ClassesAliasAsk {
  dataset: string;
  name: string;
  aliases: string[];
  remove?: boolean;
  dry_run?: boolean;
}

export interface ClassesExportAsk {
  ref: string;
  file: string;
  force?: boolean;
}

export interface ClassesImportAsk {
  dataset: string;
  file: string;
  dry_run?: boolean;
}

export interface ClassesListAsk {
  dataset: string;
  no_counts?: boolean;
}

export interface ClassesMergeAsk {
  dataset: string;
  names: string[];
  into: string;
  message?: string;
  with_staged?: boolean;
  dry_run?: boolean;
}

export interface ClassesRemoveAsk {
  dataset: string;
  name: string;
  dry_run?: boolean;
}

export interface ClassesRenameAsk {
  dataset: string;
  old: string;
  new: string;
  message?: string;
  with_staged?: boolean;
  dry_run?: boolean;
}

export interface ClassesSetAsk {
  dataset: string;
  name: string;
  parent?: string | null;
  color?: string | null;
  definition?: string | null;
  dry_run?: boolean;
}

export interface ClassesShowAsk {
  dataset: string;
  name: string;
}

export interface ClassesSplitAsk {
  dataset: string;
  old: string;
  by?: string;
  map?: Record<string, string>;
  list_?: string | null;
  rest?: string | null;
  message?: string;
  with_staged?: boolean;
  dry_run?: boolean;
}

export interface CommitAsk {
  dataset: string;
  message: string;
  base?: string | null;
  branch?: string | null;
}

export interface Committed {
  version: string;
  dataset: string;
  samples: number;
  root: string;
  branch: string;
}

export interface CompleteAsk {
  text?: string;
  cursor?: number | null;
  of?: string;
  at?: string;
}

export interface Completed {
  count: number;
  start: number;
  end: number;
  rows: (Record<string, any>)[];
  problem: string;
  fix: string;
  problem_start: number;
  problem_end: number;
}

export interface Copied {
  offered: number;
  answered: number;
  dropped: number;
  failed: number;
  hung: number;
  crashed: number;
}

export interface Count {
  count: number;
}

export interface Cursors {
  predictions: number;
  failures: number;
  copies: number;
  labels: number;
}

export interface Curve {
  run: string;
  key: string;
  n: number;
  steps: number[];
  times_s: number[];
  values: number[];
}

export interface DatasetSummary {
  name: string;
  version: string | null;
  samples: number;
  staged: number;
  quarantined: number;
  time: string | null;
  branch: string;
  merging: boolean;
}

export interface DatasetsAsk {
}

export interface DatasetsPurgeAsk {
  dataset: string;
  dry_run?: boolean;
}

export interface DatasetsRemoveAsk {
  dataset: string;
  message?: string;
  force?: boolean;
  dry_run?: boolean;
}

export interface DatasetsRestoreAsk {
  dataset: string;
}

export interface DatasetsTrashAsk {
}

export interface Day {
  day: string;
  answers: number;
  median_s: number | null;
}

export interface DemoImagesAsk {
  directory: string;
  count?: number;
  seed?: number;
  start?: number;
  drift?: string[];
  layout?: "classes" | "coco" | "flat";
}

export interface DemoStreamAsk {
  url: string;
  count?: number;
  seed?: number;
  start?: number;
  rate_hz?: number;
  drift?: string[];
  truth?: string | null;
}

export interface DemoVideoAsk {
  file: string;
  seconds?: number;
  fps?: number;
  seed?: number;
  drift?: string[];
}

export interface DemoWritten {
  images: number;
  directory: string;
  truth: string;
}

export interface DeployAsk {
  model: string;
  as_: string;
  canary?: string | null;
  shadow?: boolean;
  limit?: string[];
  wait_s?: number;
}

export interface Deployed {
  name: string;
  url: string;
  model: string;
  previous: string | null;
  ready: boolean;
  candidate: string | null;
  share: number | null;
  limits: Record<string, number>;
}

export interface DeploymentLimits {
  body_mb: number | null;
  megapixels: number | null;
  time_s: number | null;
  queue: number | null;
  at_once: number | null;
}

export interface DeploymentRow {
  project: string;
  name: string;
  model: string;
  package: string;
  previous: string | null;
  previous_package: string | null;
  state: string;
  generation: number;
  created: string;
  changed: string;
  limits: DeploymentLimits | null;
  canary: Beside | null;
  shadow: Beside | null;
  batch: number | null;
  batch_because: string;
}

export interface DeploymentsAsk {
}

export interface DiffAsk {
  a: string;
  b: string;
  stat?: boolean;
  kind?: "metadata" | "objects.added" | "objects.attributes" | "objects.moved" | "objects.relabelled" | "objects.removed" | "samples.added" | "samples.changed" | "samples.moved" | "samples.removed" | null;
  label?: string | null;
  most?: boolean;
  offset?: number;
  limit?: number;
  sides?: boolean;
  sheet?: string | null;
  drawn?: number;
}

export interface Disagreed {
  task: string;
  path: string;
  image: string;
  state: string;
  score: number | null;
  said: Record<string, string>;
}

export interface EditedSample {
  sample: Record<string, any>;
  tracks: (Record<string, any>)[];
}

export interface EvaluateAsk {
  model: string;
  on: string;
  slice?: string[];
  html?: string | null;
}

export interface Evidence {
  limit_ms: number | null;
  candidate: Arm;
  champion: Arm;
  compared: number;
  disagreed: number;
  score_difference: number;
  copy_failures: number;
  better: number;
  worse: number;
  step_from: number;
  logs: Record<string, number[]>;
  keys: Record<string, string>;
  path: Point[];
}

export interface Experiment {
  number: number;
  name: string;
  runs: number;
  created: string | null;
  newest: string | null;
  tags: Record<string, string>;
  removed: boolean;
}

export interface ExplainAsk {
  model: string;
  picture?: string;
  method?: "auto" | "gradcam" | "integrated-gradients" | "occlusion" | "rise" | "smoothgrad";
  label?: string;
  object?: number;
  at?: string;
  near?: number;
  features?: number;
  masks?: number;
  steps?: number;
  seconds?: number;
  seed?: number;
  png?: string | null;
  html?: string | null;
  drawn?: boolean;
  data?: string;
}

export interface Explained {
  model: string;
  picture: string;
  method: string;
  label: string;
  score: number;
  box: [number, number, number, number] | null;
  peak: [number, number];
  seen: number;
  asked: number;
  seconds: number;
  neighbours: (Record<string, any>)[];
  by: string;
  features: (Record<string, any>)[];
  logit: number | null;
  usual_logit: number | null;
  notes: string[];
  png: string | null;
  html: string | null;
  drawn: string;
}

export interface ExportAsk {
  ref: string;
  directory: string;
  format?: string;
  where?: string;
  force?: boolean;
}

export interface Exported {
  images: number;
  objects: number;
  directory: string;
  losses: string[];
  notes: string[];
}

export interface ExportedClasses {
  count: number;
  file: string;
}

export interface FactRow {
  actor: string;
  kind: string;
  payload: Record<string, any>;
  seq: number;
  subject: string;
  time: string;
}

export interface FactsAsk {
  after?: number;
  kind?: string[];
  subject?: string | null;
  limit?: number;
}

export interface FieldSummary {
  field: string;
  type: string;
  unit: string;
  samples: number;
  least: any;
  most: any;
  top: Record<string, number> | null;
  example: any;
  built_in: boolean;
  learnt: boolean;
  private: boolean;
  description: string;
}

export interface Figure {
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface FilmTracks {
  film: string;
  frames: (Record<string, any>)[];
  tracks: (Record<string, any>)[];
}

export interface FindingsAnswer {
  ref: string;
  count: number;
  rows: (Record<string, any>)[];
}

export interface FindingsAsk {
  ref?: string;
  kind?: string[];
  bound?: Record<string, number>;
  kept?: boolean;
  fresh?: boolean;
  offset?: number;
  limit?: number;
  samples?: boolean;
}

export interface FolderStatus {
  root: string;
  files: number;
  new: number;
  modified: number;
  deleted: number;
  missing: boolean;
  in_place: number;
  remote: boolean;
  examples: string[];
}

export interface FormatLine {
  name: string;
  title: string;
  writes: boolean;
  lacks: string[];
}

export interface FormatsAsk {
}

export interface GainPoint {
  high: number;
  low: number;
  n: number;
  pictures: number;
  ref: string;
  value: number;
}

export interface GateAsk {
  model: string;
  on?: string | null;
  against?: string | null;
  dry_run?: boolean;
  html?: string | null;
}

export interface GcAnswer {
  dry_run: boolean;
  removed: number;
  removed_bytes: number;
  waiting: number;
  waiting_bytes: number;
  wait_s: number;
  kept: number;
  kept_bytes: number;
  packs_removed: number;
  freed_bytes: number;
  dead_bytes: number;
  purged: string[];
}

export interface GcAsk {
  dry_run?: boolean;
  trash_days?: number;
  grace_s?: number;
}

export interface ImportedClasses {
  count: number;
  rows: (Record<string, any>)[];
  notes: string[];
}

export interface IncidentAddAsk {
  source?: string;
  image?: string | null;
  expect?: string[];
  model?: string;
  why?: string;
}

export interface IncidentAdded {
  incident: Record<string, any>;
  tried: string;
  held: Record<string, any>;
}

export interface IncidentAnswer {
  incident: Record<string, any>;
  answers: (Record<string, any>)[];
}

export interface IncidentCloseAsk {
  incident: string;
  why: string;
  erase?: boolean;
}

export interface IncidentListAsk {
  model?: string;
  state?: "all" | "closed" | "erased" | "open";
}

export interface IncidentReopenAsk {
  incident: string;
  why: string;
}

export interface IncidentShowAsk {
  incident: string;
}

export interface KeyAddAsk {
  name: string;
  per_minute?: number | null;
  per_day?: number | null;
  for_?: string[];
}

export interface KeyAdded {
  name: string;
  secret: string;
  per_minute: number | null;
  per_day: number | null;
  deployments: string[];
}

export interface KeyListAsk {
}

export interface KeyRemoveAsk {
  name: string;
}

export interface KeyRemoved {
  name: string;
}

export interface KeyUse {
  name: string;
  hint: string;
  per_minute: number | null;
  per_day: number | null;
  deployments: string[];
  created: string;
  asked: number;
  refused: number;
  looked_at: number;
  repeated: number;
  near: number;
  unsure: number;
  entropy: number | null;
}

export interface LabelAcceptAsk {
  task: string;
  label?: string | null;
  of?: string;
  nothing?: boolean;
  seconds?: number;
  draw?: boolean;
  key?: string;
}

export interface LabelAgreementAsk {
  dataset: string;
}

export interface LabelAssignAsk {
  dataset: string;
  question?: string;
  to?: string[];
  path?: string[];
  queued?: boolean;
  limit?: number;
  ask?: string | null;
  annotators?: number;
  bar?: number | null;
  review?: boolean;
  blind?: boolean;
  controls?: number;
  reason?: string[];
  seed?: number;
  dry_run?: boolean;
}

export interface LabelAssigned {
  batch: string;
  count: number;
  controls: number;
  question: string;
  annotators: number;
  bar: number;
  people: Record<string, number>;
  left: Record<string, string>;
}

export interface LabelBackAsk {
  task: string;
  comment: string;
  key?: string;
}

export interface LabelDoubtAsk {
  model: string;
  on?: string | null;
  limit?: number;
}

export interface LabelEditAsk {
  dataset: string;
  path: string;
  edits: (Record<string, any>)[];
  key?: string;
  task?: string;
}

export interface LabelGainAsk {
  dataset: string;
  more?: number;
}

export interface LabelImportAsk {
  file: string;
  dataset: string;
}

export interface LabelListAsk {
  dataset?: string | null;
  state?: string;
  limit?: number;
}

export interface LabelNextAsk {
  dataset?: string | null;
}

export interface LabelOpenAsk {
  dataset: string;
  path: string;
  tab?: string;
  task?: string;
}

export interface LabelPeopleAsk {
  dataset?: string | null;
  bound?: number;
}

export interface LabelProgressAsk {
  dataset?: string | null;
}

export interface LabelProposeAsk {
  dataset: string;
  path: string;
  model: string;
}

export interface LabelQueueAsk {
  view?: string;
  dataset?: string | null;
  limit?: number;
  tab?: string;
  task?: string;
  person?: string;
}

export interface LabelRejectAsk {
  task: string;
  key?: string;
}

export interface LabelStatusAsk {
}

export interface LabelTrackAsk {
  dataset: string;
  film: string;
}

export interface LabelUnassignAsk {
  dataset: string;
  person?: string;
  task?: string;
  to?: string;
}

export interface LabelUnassigned {
  count: number;
}

export interface LabelUndoAsk {
  task: string;
  key?: string;
}

export interface LabelsDoubted {
  tasks: string[];
  suspects: number;
  known: number;
  left: Record<string, string>;
  assessment: string;
}

export interface LabelsImported {
  accepted: number;
  unchanged: number;
  unknown: string[];
}

export interface LogAsk {
  dataset: string;
  branch?: string | null;
  limit?: number;
}

export interface LogRow {
  actor: string;
  branch: string;
  message: string;
  parents: string[];
  samples: number;
  tags: string[];
  time: string;
  version: string;
}

export interface Logged {
  seq: number;
  id: string;
  project: string;
  deployment: string;
  model: string;
  package: string;
  contract: string;
  image: string;
  time: string;
  label: string | null;
  confidence: number | null;
  latency_ms: number;
  answer: Prediction;
  spool: string | null;
  server: string;
  number: number;
  rollout: string | null;
  share: number | null;
}

export interface LoopShowAsk {
}

export interface LoopStartAsk {
}

export interface LoopStepAsk {
  force?: boolean;
}

export interface LoopStepped {
  moved: boolean;
  state: string;
  waiting_for: string;
  cycle: string | null;
}

export interface LoopStopAsk {
}

export interface Manifest {
  onnx: string;
  contract: string;
  card: string;
  reference: string | null;
  metrics: Record<string, number>;
  run: string;
  data: string;
  data_root: string;
  recipe: string;
  classes: string[];
  class_dictionary: string;
  sizes: Record<string, number>;
  format: number;
  lineage: string;
}

export interface MapAnswer {
  ref: string;
  by: string;
  seed: number;
  map: string;
  count: number;
  pictures: number;
  trustworthiness: number | null;
  kept: number | null;
  neighbours: number;
  judged: number;
  seconds: number;
  colors: Record<string, number>;
  unreadable: (Record<string, string>)[];
  rows: (Record<string, any>)[];
  html: string | null;
}

export interface MapAsk {
  ref?: string;
  by?: string;
  seed?: number;
  color?: string;
  rows?: boolean;
  html?: string | null;
}

export interface MapPointsAsk {
  ref: string;
  by?: string;
  seed?: number;
  color?: string;
  names?: boolean;
}

export interface Mask {
  type: "mask";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  track?: string;
  key_frame?: boolean;
  ends?: boolean;
  size_hw: [number, number];
  counts: number[];
}

export interface Me {
  user: string;
  role: string;
  project: string;
  permissions: string[];
}

export interface MergeAbortAsk {
  dataset: string;
}

export interface MergeAsk {
  dataset: string;
  branch: string;
  rule?: "newest" | "ours" | "theirs" | "union" | null;
  message?: string;
  dry_run?: boolean;
}

export interface MergeConflict {
  id: string;
  sample: string;
  path: string;
  object: string;
  field: string;
  base: any;
  ours: any;
  theirs: any;
  both: boolean;
  take: "base" | "both" | "ours" | "theirs" | null;
}

export interface MergeFinishAsk {
  dataset: string;
}

export interface MergeResolveAsk {
  dataset: string;
  conflicts?: string[];
  take?: "base" | "both" | "open" | "ours" | "theirs" | null;
  rule?: "newest" | "ours" | "theirs" | "union" | null;
  hold?: boolean;
}

export interface MergeShowAsk {
  dataset: string;
  conflict: string;
}

export interface MergeStatusAsk {
  dataset: string;
  open_?: boolean;
  offset?: number;
  limit?: number;
}

export interface MetaChanged {
  matched: number;
  changed: number;
  notes: string[];
}

export interface MetaFieldAddAsk {
  dataset: string;
  name: string;
  type?: "boolean" | "choice" | "integer" | "number" | "text" | "time";
  unit?: string;
  choices?: string;
  description?: string;
  private?: boolean;
  dry_run?: boolean;
}

export interface MetaFieldListAsk {
  ref: string;
  all?: boolean;
}

export interface MetaFieldRemoveAsk {
  dataset: string;
  name: string;
}

export interface MetaFieldRenameAsk {
  dataset: string;
  name: string;
  to: string;
}

export interface MetaFieldsAsk {
  ref: string;
}

export interface MetaImportAsk {
  dataset: string;
  file: string;
  key?: "digest" | "name" | "path" | "stem";
  column?: string | null;
  dry_run?: boolean;
}

export interface MetaImported {
  rows: number;
  matched: number;
  changed: number;
  unplaced: (Record<string, any>)[];
  notes: string[];
}

export interface MetaSetAsk {
  dataset: string;
  paths?: string[];
  set?: Record<string, string>;
  unset?: string[];
  all?: boolean;
  where?: Record<string, string>;
  dry_run?: boolean;
}

export interface MetaShowAsk {
  ref: string;
  path: string;
}

export interface Metric {
  key: string;
  step: number;
  value: number;
  time: string;
}

export interface ModelAliasAsk {
  ref: string;
  alias: string;
}

export interface ModelApproveAsk {
  ref: string;
  reason?: string;
}

export interface ModelArchiveAsk {
  ref: string;
  undo?: boolean;
}

export interface ModelCardAsk {
  ref: string;
  html?: string | null;
}

export interface ModelDecision {
  model: string;
  decision: string;
}

export interface ModelDetail {
  version: ModelLine;
  manifest: Manifest;
  approvals: Approval[];
}

export interface ModelExportAsk {
  ref: string;
  file: string;
  key?: string | null;
  unsigned?: boolean;
  target?: string;
  on?: string | null;
}

export interface ModelExported {
  model: string;
  file: string;
  package_bytes: number;
  signer: string;
  variant: Variant | null;
}

export interface ModelImportAsk {
  file: string;
  as_?: string;
  contract?: string | null;
  picture?: string | null;
  signer?: string;
  unsigned?: boolean;
  dry_run?: boolean;
}

export interface ModelImported {
  model: string;
  task: string;
  classes: number;
  contract: string;
  stated: Record<string, any>;
  inputs: Record<string, any[]>;
  outputs: Record<string, any[]>;
  answer: Record<string, any>;
  signer: string;
  origin: string;
}

export interface ModelKeyAsk {
}

export interface ModelLine {
  ref: string;
  model: string;
  version: string;
  aliases: string[];
  state: "approved" | "registered" | "rejected" | "waiting";
  metrics: Record<string, number>;
  recipe: string;
  data: string;
  run: string;
  package: string;
  created: string;
  actor: string;
  stage: "Archived" | "None" | "Production" | "Staging";
}

export interface ModelPromoteAsk {
  ref: string;
}

export interface ModelPushAsk {
  ref: string;
  to: string;
  as_?: string;
  dry_run?: boolean;
}

export interface ModelPushed {
  model: string;
  name: string;
  version: string;
  run: string;
  url: string;
  done: string;
  aliases: string[];
  files: number;
  bytes: number;
  left_out: string[];
}

export interface ModelRejectAsk {
  ref: string;
  reason?: string;
}

export interface ModelRollbackAsk {
  name: string;
}

export interface ModelShowAsk {
  ref: string;
}

export interface ModelVerified {
  model: string;
  digest: string;
  signer: string;
  trusted: boolean;
  parts: Record<string, number>;
  lineage: Record<string, any>;
}

export interface ModelVerifyAsk {
  what: string;
  public_key?: string | null;
}

export interface ModelsAsk {
}

export interface MonitorAsk {
  name: string;
  windows?: number;
}

export interface NumberValue {
  type: "number";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  value: number;
  unit?: string;
}

export interface ObjectChange {
  kind: string;
  object: string;
  label: string;
  was_label: string | null;
  iou: number | null;
  values: ValueChange[];
}

export interface OneClass {
  id: number;
  name: string;
  objects: number;
  samples: number;
  color: string;
  parent: string | null;
  aliases: string[];
  definition: string;
  origins: (Record<string, any>)[];
}

export interface OpenSample {
  sample: Record<string, any>;
  others: (Record<string, any>)[];
}

export interface OrientedBox {
  type: "obb";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  track?: string;
  key_frame?: boolean;
  ends?: boolean;
  cxcywh: [number, number, number, number];
  angle_deg: number;
}

export interface Origin {
  id: number;
  name: string;
}

export interface Pair {
  first: string;
  second: string;
  pictures: number;
  same: number;
  kappa: Figure;
  mean_iou: Figure;
  f1: Figure;
  missed: number;
  extra: number;
}

export interface Person {
  user: string;
  role: string;
  project: string;
}

export interface PickAnswer {
  pick: string;
  text: string;
  count: number;
}

export interface PickAsk {
  dataset: string;
  ids?: string[];
  where?: string;
  places?: string;
  at?: string;
  state?: string;
}

export interface Point {
  requests: number;
  signs: number[];
  together: number;
}

export interface Points {
  type: "points";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  track?: string;
  key_frame?: boolean;
  ends?: boolean;
  points: ([number, number, number])[];
  names?: string[];
  edges?: ([number, number])[];
}

export interface PointsAnswer {
  map: string;
  count: number;
  points: string;
  ids: string;
  images: string;
  field: string;
  names: string[];
  counts: number[];
  codes: string;
  values: string;
}

export interface PolicyApproveAsk {
  model: string;
  reason?: string;
}

export interface PolicyChanges {
  model: string;
  changes: string[];
}

export interface PolicyDiffAsk {
  model: string;
}

export interface PolicyShowAsk {
  model: string;
}

export interface PolicyShown {
  model: string;
  policy: string;
  checks: string[];
  since: string;
  actor: string;
  reason: string;
  changes: string[];
}

export interface Polygon {
  type: "polygon";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  track?: string;
  key_frame?: boolean;
  ends?: boolean;
  rings: number[][];
}

export interface PredictAsk {
  model: string;
  sources: string[];
  out?: string | null;
  video?: string | null;
  every?: number | null;
  fresh?: boolean;
  dry_run?: boolean;
}

export interface Predicted {
  model: string;
  count: number;
  failed: number;
  resumed: number;
  out: string;
  video: string;
  errors: (Record<string, string>)[];
  rows: (Record<string, any>)[];
}

export interface Prediction {
  id: string;
  image: string;
  model: string;
  package: string;
  contract: string;
  annotations: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[];
  probabilities: number[] | null;
  time: string;
  source: string;
  format: number;
}

export interface PredictionsAsk {
  name: string;
  limit?: number;
}

export interface Promoted {
  model: string;
  previous: string | null;
}

export interface Proposals {
  model: string;
  proposals: (Record<string, any>)[];
  left_out: Record<string, number>;
}

export interface QuarantineListAsk {
  dataset?: string | null;
}

export interface QuarantineRemoveAsk {
  dataset: string;
  ids: string[];
  reason: string;
}

export interface QuarantineRetryAsk {
  dataset: string;
  ids?: string[];
}

export interface Quarantined {
  id: string;
  dataset: string;
  path: string;
  source: string;
  reason_code: string;
  reason: string;
  fix: string;
  image: string | null;
  split: string | null;
  time: string;
  format: number;
}

export interface QueryAnswer {
  count: number;
  ref: string;
  of: string;
  rows: (Record<string, any>)[];
  facets: (Record<string, any>)[];
  state: string;
  marked: string;
  histograms: (Record<string, any>)[];
}

export interface QueryAsk {
  text?: string;
  of?: string;
  at?: string;
  offset?: number;
  limit?: number;
  facets?: string;
  histograms?: string;
  view?: string;
  mark?: string;
}

export interface QueueRow {
  accepted: number;
  agreed: number;
  dataset: string;
  disputed: number;
  given: number;
  mine: number;
  rejected: number;
  review: number;
  skipped: number;
  to_decide: number;
  to_review: number;
  uncommitted: number;
  waiting: number;
}

export interface Refactored {
  said: string;
  change: string;
  version: string | null;
  dataset: string;
  objects: number;
  samples: number;
  moves: (Record<string, any>)[];
}

export interface RemoveAsk {
  dataset: string;
  paths: string[];
}

export interface RemovedDataset {
  dataset: string;
  versions: number;
  samples: number;
  staged: number;
  quarantined: number;
  needed_by: string[];
  removed: string | null;
  dry_run: boolean;
}

export interface ReproduceAsk {
  model: string;
  environment?: "fresh" | "here";
  threads?: number;
  dry_run?: boolean;
}

export interface Reproduced {
  model: string;
  run: string;
  data: string;
  equal: boolean;
  same_contract: boolean;
  was: string;
  now: string;
  tensors: number;
  changed: number;
  greatest: number;
  differs: ReproducedDifference[];
  environment: string;
  planned: (Record<string, any>)[];
}

export interface ReproducedDifference {
  what: string;
  was: string;
  now: string;
}

export interface Resumed {
  run: string;
  model: string;
  metrics: Record<string, number>;
}

export interface RevertAsk {
  dataset: string;
  version: string;
  rule?: "newest" | "ours" | "theirs" | "union" | null;
  message?: string;
  dry_run?: boolean;
}

export interface RollbackAsk {
  name: string;
  wait_s?: number;
}

export interface RolloutEnded {
  name: string;
  kind: string;
  model: string;
  state: string;
  answers_now: string;
  ready: boolean;
}

export interface RolloutPromoteAsk {
  name: string;
  kind?: string;
  wait_s?: number;
}

export interface RolloutRow {
  id: string;
  project: string;
  deployment: string;
  kind: "canary" | "shadow";
  model: string;
  package: string;
  against: string;
  against_package: string;
  share: number;
  state: "promoted" | "running" | "stopped";
  verdict: "go on" | "not enough" | "promote" | "stop";
  because: string;
  policy: CanaryPolicy;
  evidence: Evidence;
  cursors: Cursors;
  generation: number;
  opened: string;
  stepped: string;
  ended: string | null;
  copied: Copied;
  boundary: number;
}

export interface RolloutShowAsk {
  name: string;
  limit?: number;
}

export interface RolloutStopAsk {
  name: string;
  kind?: string;
  because?: string;
  wait_s?: number;
}

export interface Rows {
  count: number;
  rows: (Record<string, any>)[];
}

export interface Rules {
  question: "class" | "objects";
  annotators: number;
  review: boolean;
  bar: number;
  blind: boolean;
}

export interface Run {
  id: string;
  project: string;
  key: string | null;
  recipe: string;
  params: Record<string, any>;
  seed: number;
  threads: number;
  data: string;
  data_root: string;
  model_name: string;
  status: "done" | "failed" | "lost" | "pruned" | "queued" | "running";
  attempt: number;
  created: string;
  started: string | null;
  ended: string | null;
  commit: string | null;
  dirty: boolean | null;
  environment: Record<string, any>;
  pictures: Record<string, number>;
  metrics: Record<string, number>;
  model: string | null;
  error: Record<string, string> | null;
  actor: string;
  source: string;
  experiment: string;
  name: string;
  parent: string | null;
  tags: Record<string, string>;
  notes: string;
  progress: Record<string, any> | null;
  cpu_s: number | null;
  removed: boolean;
}

export interface RunExported {
  run: string;
  file: string;
  points: number;
  curves: number;
}

export interface RunLine {
  id: string;
  status: "done" | "failed" | "lost" | "pruned" | "queued" | "running";
  recipe: string;
  data: string;
  model_name: string;
  model: string | null;
  params: Record<string, any>;
  metrics: Record<string, number>;
  seed: number;
  created: string;
  started: string | null;
  ended: string | null;
  actor: string;
  source: string;
  experiment: string;
  name: string;
  parent: string | null;
  tags: Record<string, string>;
  progress: Record<string, any> | null;
  cpu_s: number | null;
}

export interface RunLogged {
  run: string;
  points: number;
}

export interface RunNamed {
  run: string;
  status: string;
}

export interface RunNoted {
  run: string;
  name: string;
  notes: string;
  tags: Record<string, any>;
}

export interface RunsArtifactsAsk {
  run: string;
  path?: string;
}

export interface RunsCloneAsk {
  run: string;
  set?: Record<string, string>;
  on?: string;
  seed?: number | null;
  threads?: number;
  model?: string;
}

export interface RunsCloned {
  run: string;
  model: string;
  metrics: Record<string, number>;
  changed: (Record<string, any>)[];
}

export interface RunsCompareAsk {
  runs: string[];
  html?: string | null;
}

export interface RunsCompared {
  runs: string[];
  rows: (Record<string, any>)[];
  same: (Record<string, any>)[];
  html: string | null;
}

export interface RunsCurvesAsk {
  runs: string[];
  key?: string[];
  points?: number;
}

export interface RunsEndAsk {
  run: string;
  status?: "done" | "failed";
  code?: string;
  what?: string;
  cpu_s?: number | null;
}

export interface RunsExperimentsAsk {
}

export interface RunsExportAsk {
  run: string;
  directory: string;
  format?: "tensorboard";
}

export interface RunsFetchAsk {
  run: string;
  directory: string;
  path?: string;
}

export interface RunsImportAsk {
  directory: string;
  experiment?: string;
  format?: "tensorboard";
  dry_run?: boolean;
}

export interface RunsListAsk {
  limit?: number;
  where?: string;
  sort?: string;
  experiment?: string | null;
  parent?: string | null;
  offset?: number;
  removed?: boolean;
}

export interface RunsLogAsk {
  run: string;
  metrics?: Record<string, number>;
  step?: number;
  params?: Record<string, string>;
  tags?: Record<string, string>;
  done?: number | null;
  total?: number | null;
  unit?: string;
  points?: string;
  alive_s?: number;
}

export interface RunsNoteAsk {
  run: string;
  name?: string | null;
  notes?: string | null;
  tags?: Record<string, string>;
  untag?: string[];
}

export interface RunsPushAsk {
  to: string;
  runs?: string[];
  experiment?: string | null;
  dry_run?: boolean;
}

export interface RunsRemoveAsk {
  run: string;
  undo?: boolean;
}

export interface RunsResumeAsk {
  run: string;
}

export interface RunsSaveAsk {
  run: string;
  files: string[];
  to?: string;
}

export interface RunsShowAsk {
  run: string;
  points?: number;
}

export interface RunsStartAsk {
  name?: string;
  experiment?: string;
  parent?: string | null;
  data?: string;
  seed?: number;
  params?: Record<string, string>;
  tags?: Record<string, string>;
  notes?: string;
  alive_s?: number;
  about?: string;
}

export interface Sample {
  id: string;
  path: string;
  image: string;
  bytes: number;
  width: number;
  height: number;
  media?: string;
  mode?: string;
  orientation?: number;
  annotations?: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[];
  split?: string | null;
  metadata?: Record<string, any>;
  source?: string;
  added?: string;
  labelled?: boolean;
  format?: number;
  in_place?: string;
}

export interface SamplesAsk {
  ref: string;
  offset?: number;
  limit?: number;
}

export interface SearchAnswer {
  count: number;
  ref: string;
  rows: (Record<string, any>)[];
  searched: number;
  understood: (Record<string, any>)[];
  unreadable: (Record<string, string>)[];
  indexed: number;
}

export interface SearchAsk {
  words?: string;
  image?: string;
  at?: string;
  where?: string;
  offset?: number;
  limit?: number;
  picture?: string;
  index?: boolean;
}

export interface Shelved {
  model: string;
  stage: string;
}

export interface ShownTask {
  seq: number;
  id: string;
  project: string;
  dataset: string;
  image: string;
  path: string;
  candidate: Candidate;
  proposed: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[];
  reasons: string[];
  priority: number;
  state: "accepted" | "disputed" | "rejected" | "review" | "skipped" | "waiting";
  created: string;
  prediction: string | null;
  model: string | null;
  decided_by: string | null;
  decided: string | null;
  final: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[] | null;
  split: string | null;
  batch: string;
  rules: Rules | null;
  score: number | null;
  format: number;
  people: string[];
  answers: Answer[];
  mine: Answer | null;
  open: string[];
  control: boolean;
}

export interface SigningKey {
  fingerprint: string;
  public_key: string;
}

export interface SplitAnswer {
  splits: Record<string, number>;
  changed: number;
}

export interface SplitAsk {
  dataset: string;
  shares?: Record<string, number>;
  seed?: number;
  group_by?: string | null;
  redo?: boolean;
  unfreeze?: boolean;
}

export interface StagedCounts {
  added: number;
  changed: number;
  removed: number;
  classes: boolean;
  fields: boolean;
}

export interface Status {
  dataset: string;
  version: string | null;
  samples: number;
  staged: StagedCounts;
  quarantined: number;
  folders: FolderStatus[];
}

export interface StatusAsk {
  dataset?: string | null;
}

export interface StorageAnswer {
  blobs: number;
  blob_bytes: number;
  packs: number;
  disk_bytes: number;
  dead_bytes: number;
  verified: Record<string, any> | null;
  collected: Record<string, any> | null;
  places: StoragePlace[];
  parts: StoragePart[] | null;
}

export interface StorageAsk {
  parts?: boolean;
}

export interface StoragePart {
  kind: string;
  name: string;
  blobs: number;
  blob_bytes: number;
}

export interface StoragePlace {
  name: string;
  disk_bytes: number;
}

export interface Streamed {
  sent: number;
  right: number;
  accuracy: number;
  failed: number;
}

export interface SwitchAsk {
  dataset: string;
  branch: string;
}

export interface Tag {
  name: string;
  version: string;
  time: string;
  actor: string;
}

export interface TagAsk {
  ref: string;
  name: string;
  move?: boolean;
}

export interface TagListAsk {
  dataset: string;
}

export interface TagRemoveAsk {
  dataset: string;
  name: string;
}

export interface Tagged {
  name: string;
  version: string;
}

export interface Task {
  seq: number;
  id: string;
  project: string;
  dataset: string;
  image: string;
  path: string;
  candidate: Candidate;
  proposed: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[];
  reasons: string[];
  priority: number;
  state: "accepted" | "disputed" | "rejected" | "review" | "skipped" | "waiting";
  created: string;
  prediction: string | null;
  model: string | null;
  decided_by: string | null;
  decided: string | null;
  final: (ClassLabel | NumberValue | Box | OrientedBox | Polygon | Mask | Points | Track)[] | null;
  split: string | null;
  batch: string;
  rules: Rules | null;
  score: number | null;
  format: number;
}

export interface TraceAsk {
  prediction: string;
}

export interface Traced {
  prediction: Record<string, any>;
  image: Record<string, any>;
  deployment: Record<string, any>;
  beside: Record<string, any>;
  model: Record<string, any>;
  run: Record<string, any>;
  data: Record<string, any>;
}

export interface Track {
  type: "track";
  id?: string;
  label?: string;
  attributes?: Record<string, any>;
  ignore?: boolean;
  crowd?: boolean;
  author?: string;
  score?: number | null;
  review?: "accepted" | "draft" | "proposed" | "rejected";
  track: string;
  xyxy: [number, number, number, number];
  key_frame?: boolean;
  ends?: boolean;
}

export interface TrainAsk {
  ref: string;
  recipe?: string;
  model?: string;
  set?: Record<string, string>;
  seed?: number;
  from_?: string;
  threads?: number;
  preview?: string | null;
}

export interface Trained {
  run: string;
  model: string;
  metrics: Record<string, number>;
  preview: string | null;
  started_from: Record<string, any> | null;
}

export interface TuneAnswer {
  run: string;
  status: string;
  model: string | null;
  metric: string;
  direction: string;
  prune: string;
  data: string;
  value: number | null;
  trial: Record<string, any> | null;
  trials: Record<string, number>;
  budget: number;
  space: (Record<string, any>)[];
  combinations: number | null;
  rows: (Record<string, any>)[];
  importance: (Record<string, any>)[];
  file: string;
  html: string | null;
}

export interface TuneAsk {
  ref: string;
  recipe?: string;
  space?: Record<string, string>;
  set?: Record<string, string>;
  trials?: number;
  workers?: number;
  metric?: string;
  direction?: "" | "maximize" | "minimize";
  prune?: "auto" | "hyperband" | "median" | "none";
  model?: string;
  seed?: number;
  threads?: number;
  timeout?: number;
  dry_run?: boolean;
}

export interface TuneJoinAsk {
  run: string;
}

export interface TuneJoined {
  run: string;
  trials: number;
}

export interface TuneResumeAsk {
  run: string;
  trials?: number;
  workers?: number;
  timeout?: number;
}

export interface TuneShowAsk {
  run: string;
  importance?: "fanova" | "none" | "ped-anova";
  html?: string | null;
}

export interface Tuned {
  run: string;
  model: string;
  metric: string;
  direction: string;
  prune: string;
  data: string;
  value: number | null;
  trial: Record<string, any> | null;
  trials: Record<string, number>;
  budget: number;
  workers: number;
  space: (Record<string, any>)[];
  combinations: number | null;
  dry_run: boolean;
}

export interface TurnRow {
  approval?: string;
  because: Because;
  champion?: string | null;
  checks?: string[];
  cycle: string;
  ended: string | null;
  error: string | null;
  model?: string;
  opened: string;
  run?: string;
  shadow?: string;
  state: string;
  time_to_heal_s?: number;
  verdict?: string;
  version?: string;
  why?: string;
}

export interface UnstageAsk {
  dataset: string;
  paths?: string[];
}

export interface UserAddAsk {
  user: string;
  role: string;
  everywhere?: boolean;
}

export interface UserAdded {
  user: string;
  role: string;
  project: string;
  secret: string;
}

export interface UserListAsk {
  may?: string;
}

export interface UserMeAsk {
}

export interface UserRemoveAsk {
  user: string;
}

export interface UserRemoved {
  user: string;
}

export interface Value {
  field: string;
  value: any;
  unit: string;
  type: string;
  description: string;
}

export interface ValueChange {
  field: string;
  was: any;
  now: any;
}

export interface Variant {
  source: string;
  target: string;
  model: string;
  passed: boolean;
  why: string;
  calibrated_on: string;
  bytes_before: number;
  bytes_after: number;
  margin: number;
  report: VariantReport;
}

export interface VariantReport {
  on: string;
  metric: string;
  n: number;
  before: number;
  after: number;
  gain: number;
  low: number;
  high: number;
  same: number | null;
  same_low: number | null;
  ms_before: number;
  ms_after: number;
}

export interface VariantRow {
  bytes_after: number;
  bytes_before: number;
  calibrated_on: string;
  margin: number;
  model: string;
  passed: boolean;
  report: VariantReport;
  source: string;
  target: string;
  time: string;
  why: string;
}

export interface VerifyAnswer {
  ok: boolean;
  quick: boolean;
  blobs: number;
  blob_bytes: number;
  links: number;
  facts: number;
  seals: number;
  repaired: number;
  count: number;
  problems: (Record<string, any>)[];
}

export interface VerifyAsk {
  quick?: boolean;
  repair?: boolean;
}

export interface ViewListAsk {
}

export interface ViewRemoveAsk {
  name: string;
}

export interface ViewSaveAsk {
  name: string;
  text: string;
  of?: string;
  at?: string;
}

export interface WatchAnswer {
  added: number;
  updated: number;
  quarantined: number;
  versions: string[];
  notes: string[];
}

export interface WatchAsk {
  source: string;
  to: string;
  frames?: string;
  once?: boolean;
  for_?: number | null;
  every?: number;
  settle?: number;
  commit_every?: string;
  split?: string | null;
  camera?: string;
  licence?: string;
  in_place?: boolean;
  map?: Record<string, string>;
  add_classes?: boolean;
  add_class?: string[];
}

export interface Window {
  seq: number;
  model: string;
  first_image: number;
  last_image: number;
  first_seq: number;
  last_seq: number;
  first_time: string;
  last_time: string;
  n: number;
  p: number;
  alpha: number;
  alarm: boolean;
  families: Record<string, number>;
  mean_confidence: number | null;
  what: string;
  alert: string | null;
}

export interface Work {
  person: string;
  answers: number;
  waiting: number;
  returned: number;
  median_s: number | null;
  per_hour: number | null;
  left_s: number | null;
  controls: number;
  right: number;
  accuracy: Figure;
  below: string;
  days: Day[];
}
