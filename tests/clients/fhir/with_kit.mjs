// What npm's fhir-kit-client, as it is, does. https://github.com/Vermonster/fhir-kit-client
//     node with_kit.mjs BASE_URL TOKEN MARK
import { Client } from 'fhir-kit-client';

const [base, token, mark] = process.argv.slice(2);
const client = new Client({ baseUrl: base, bearerToken: token });
const system = 'urn:oid:1.2.392.100495.20.3.51.11718000001';
const steps = {};

const metadata = await client.capabilityStatement();
steps.version = metadata.fhirVersion;
const patient = await client.create({
  resourceType: 'Patient',
  body: { resourceType: 'Patient', identifier: [{ system, value: `kit-${mark}` }], name: [{ text: '能登 花子' }] },
});
const id = patient.id;
steps.read = (await client.read({ resourceType: 'Patient', id })).name[0].text;
await client.patch({
  resourceType: 'Patient',
  id,
  jsonPatch: [{ op: 'add', path: '/gender', value: 'female' }],
});
steps.patched = (await client.read({ resourceType: 'Patient', id })).gender;
const observation = (value) => ({
  resource: {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'weight' },
    subject: { reference: `Patient/${id}` },
    effectiveDateTime: `2026-03-0${value}`,
    valueQuantity: { value, unit: 'kg' },
  },
  request: { method: 'POST', url: 'Observation' },
});
const done = await client.transaction({
  body: { resourceType: 'Bundle', type: 'transaction', entry: [1, 2, 3, 4, 5].map(observation) },
});
steps.transaction = done.entry.map((entry) => entry.response.status.slice(0, 3));
let page = await client.search({
  resourceType: 'Observation',
  searchParams: { patient: id, _count: '2', _sort: 'date' },
});
steps.pages = [];
while (page) {
  steps.pages.push(page.entry.map((entry) => entry.resource.valueQuantity.value));
  page = await client.nextPage({ bundle: page });
}
const compartment = await client.compartmentSearch({
  resourceType: 'Observation',
  compartment: { resourceType: 'Patient', id },
});
steps.compartment = compartment.total;
const system_ = await client.search({
  resourceType: 'Patient',
  searchParams: { _id: id, _revinclude: 'Observation:patient' },
  options: { postSearch: true },
});
steps.posted = system_.entry.length;
steps.vread = (await client.vread({ resourceType: 'Patient', id, version: '1' })).meta.versionId;
steps.history = (await client.history({ resourceType: 'Patient', id })).entry.length;
steps.typeHistory = (await client.history({ resourceType: 'Patient' })).type;
for (const entry of compartment.entry) {
  await client.delete({ resourceType: 'Observation', id: entry.resource.id });
}
await client.delete({ resourceType: 'Patient', id });
try {
  await client.read({ resourceType: 'Patient', id });
} catch (error) {
  steps.gone = error.response.status;
}
console.log(JSON.stringify(steps));
