import cluster from 'node:cluster';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';

/**
 * Who sends: this process, or the first one for the whole machine. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win.
 * No command line and no host name: an operator adds what it wants told.
 */
export function ownResource(): Resource {
  const own = resourceFromAttributes({
    'service.name': 'typed-bff',
    'process.pid': process.pid,
    ...(cluster.worker ? { 'bff.worker': cluster.worker.id } : {}),
  });
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(own).merge(detectResources({ detectors }));
}
