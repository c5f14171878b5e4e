// What npm's @medplum/core, as it is, does. https://www.medplum.com/docs/sdk
//     node with_medplum.mjs BASE_URL TOKEN MARK
import { MedplumClient } from '@medplum/core';

const [base, token, mark] = process.argv.slice(2);
const place = new URL(base);
const path = place.pathname.replace(/\/[^/]*$/, '/');
const client = new MedplumClient({
  baseUrl: `${place.origin}${path}`,
  fhirUrlPath: place.pathname.slice(path.length),
  fetch,
});
client.setAccessToken(token);
const system = 'urn:oid:1.2.392.100495.20.3.51.11718000001';
const steps = {};

const one = { resourceType: 'Patient', identifier: [{ system, value: `medplum-${mark}` }], name: [{ text: '能登 花子' }] };
const query = `identifier=${system}|medplum-${mark}`;
const patient = await client.createResourceIfNoneExist(one, query);
const same = await client.createResourceIfNoneExist({ ...one, name: [{ text: 'nobody' }] }, query);
steps.once = patient.id === same.id && same.name[0].text === '能登 花子';
const upserted = await client.upsertResource({ ...one, gender: 'female' }, query);
steps.upserted = [upserted.id === patient.id, upserted.meta.versionId];
const patched = await client.patchResource('Patient', patient.id, [
  { op: 'test', path: '/gender', value: 'female' },
  { op: 'replace', path: '/gender', value: 'other' },
]);
steps.patched = patched.gender;
const id = patient.id;
const answer = await client.executeBatch({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [1, 2, 3].map((day) => ({
    fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${day}`,
    resource: {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'pulse' },
      subject: { reference: `Patient?${query}` },
      effectiveDateTime: `2026-05-0${day}`,
      valueInteger: day,
    },
    request: { method: 'POST', url: 'Observation' },
  })),
});
steps.transaction = answer.entry.map((entry) => entry.response.status.slice(0, 3));
const found = await client.searchResources('Observation', { patient: id, _sort: '-date' });
steps.values = found.map((observation) => observation.valueInteger);
steps.pages = [];
for await (const page of client.searchResourcePages('Observation', { patient: id, _sort: 'date', _count: 2 })) {
  steps.pages.push(page.length);
}
steps.everything = (await client.readPatientEverything(id)).entry.length;
steps.history = (await client.readHistory('Patient', id)).entry.length;
for (const observation of found) await client.deleteResource('Observation', observation.id);
await client.deleteResource('Patient', id);
steps.gone = await client.readResource('Patient', id, { cache: 'reload' }).then(() => false, () => true);
console.log(JSON.stringify(steps));
