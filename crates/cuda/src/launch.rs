//! The kernels by their names, and how they are started.

use std::collections::BTreeMap;
use std::ffi::{CString, c_void};
use std::sync::Arc;

use cudarc::driver::{CudaContext, result, sys};

use crate::args::Arguments;
use crate::device::driver;
use crate::{Device, Error, Kind, Result};

static FAT_BINARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zonos.fatbin"));

/// Shared memory that a block has without being asked for more.
const PLAIN_SHARED: usize = 48 << 10;

/// A kernel: how it is started is up to who knows its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Kernel(sys::CUfunction);

// SAFETY: a handle that any thread may use.
unsafe impl Send for Kernel {}
// SAFETY: as above.
unsafe impl Sync for Kernel {}

/// All kernels of the fat binary. They stay loaded as long as the context lives.
pub(crate) struct Kernels {
    by_name: BTreeMap<String, Kernel>,
    /// Whether they were compiled for compute capability 9.0 or later: what they wait for, and copy in bulk, is decided
    /// then, whatever the card is.
    pub(crate) for_hopper: bool,
    _context: Arc<CudaContext>,
}

impl Kernel {
    /// Bytes of shared memory that its blocks have beside what they are started with.
    pub(crate) fn own_shared(self) -> Result<usize> {
        let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES;
        // SAFETY: the kernel's module stays loaded.
        let own = unsafe { result::function::get_function_attribute(self.0, attribute) };
        Ok(own.map_err(driver("ask for a kernel's memory"))? as usize)
    }
}

impl Kernels {
    pub(crate) fn load(context: &Arc<CudaContext>, shared_limit: usize) -> Result<Self> {
        context.bind_to_thread().map_err(driver("use the card's context"))?;
        // SAFETY: the compiler made the binary, and the driver checks its head.
        let module = unsafe { result::module::load_data(FAT_BINARY.as_ptr().cast::<c_void>()) };
        let module = match module {
            Err(error) if error.0 == sys::CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU => return Err(not_built_for(context)),
            module => module.map_err(driver("load the kernels"))?,
        };
        let mut by_name = BTreeMap::new();
        for name in names() {
            by_name.insert(name.clone(), function(module, &name, shared_limit)?);
        }
        let for_hopper = by_name.get("embed").map(|kernel| compiled_for(*kernel)).transpose()? >= Some(90);
        Ok(Self { by_name, for_hopper, _context: context.clone() })
    }

    pub(crate) fn get(&self, name: &str) -> Result<Kernel> {
        self.by_name.get(name).copied().ok_or_else(|| Error::Unsupported(format!("there is no kernel `{name}`")))
    }
}

fn not_built_for(context: &Arc<CudaContext>) -> Error {
    let (major, minor) = context.compute_capability().unwrap_or((0, 0));
    Error::Architecture { card: context.name().unwrap_or_default(), major, minor }
}

/// The names of all kernels.
fn names() -> Vec<String> {
    let plain = ["embed", "router", "gather", "sampler", "fill", "arrange"].map(str::to_owned);
    let kinds = [Kind::F32, Kind::BF16, Kind::F16, Kind::Q8_0, Kind::Q4K, Kind::Q5K, Kind::Q6K];
    let matvecs = kinds.iter().flat_map(|kind| ["one", "many"].map(|width| matvec_name(*kind, width == "one")));
    let caches = [Kind::F32, Kind::BF16, Kind::F16];
    let heads = caches.iter().map(|cache| heads_name(*cache));
    let attention = caches.iter().flat_map(|cache| {
        [64, 128].into_iter().flat_map(|dim| [1, 2, 4, 8].map(|group| attention_name(*cache, dim, group)))
    });
    let codec = ["codec_pack", "codec_lookup"].map(str::to_owned).into_iter();
    let codec = codec.chain([32, 64, 96].map(convolution_name));
    let frames = [Kind::BF16, Kind::F16].into_iter().flat_map(|cache| [64, 128].map(|dim| frame_name(cache, dim, 4)));
    plain.into_iter().chain(codec).chain(matvecs).chain(heads).chain(attention).chain(frames).collect()
}

pub(crate) fn frame_name(cache: Kind, head_dim: usize, group: usize) -> String {
    format!("frame_{}_{head_dim}_{group}", cache.name())
}

pub(crate) fn matvec_name(kind: Kind, one: bool) -> String {
    format!("matvec_{}_{}", kind.name(), if one { "one" } else { "many" })
}

pub(crate) fn heads_name(cache: Kind) -> String {
    format!("heads_{}", cache.name())
}

pub(crate) fn attention_name(cache: Kind, head_dim: usize, group: usize) -> String {
    format!("attention_{}_{head_dim}_{group}", cache.name())
}

/// A convolution of so many outputs in a block.
pub(crate) fn convolution_name(outputs: usize) -> String {
    format!("codec_convolution_{outputs}")
}

/// Ten times the compute capability that a kernel's source was compiled for.
fn compiled_for(kernel: Kernel) -> Result<i32> {
    let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_PTX_VERSION;
    // SAFETY: the kernel's module stays loaded.
    let version = unsafe { result::function::get_function_attribute(kernel.0, attribute) };
    version.map_err(driver("ask for a kernel's version"))
}

fn function(module: sys::CUmodule, name: &str, shared_limit: usize) -> Result<Kernel> {
    let name = CString::new(name).map_err(|_| Error::Unsupported(format!("kernel name `{name}`")))?;
    // SAFETY: the module is loaded.
    let function = unsafe { result::module::get_function(module, name) }.map_err(driver("find a kernel"))?;
    let own = Kernel(function).own_shared()?;
    if shared_limit > PLAIN_SHARED + own {
        let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        let most = (shared_limit - own) as i32;
        // SAFETY: as above.
        let set = unsafe { result::function::set_function_attribute(function, attribute, most) };
        set.map_err(driver("allow a kernel shared memory"))?;
    }
    // All alike: a multiprocessor must run empty before it divides its memory anew, and nothing would overlap.
    let carveout = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT;
    // SAFETY: as above.
    let set = unsafe { result::function::set_function_attribute(function, carveout, 100) };
    set.map_err(driver("divide a kernel's memory"))?;
    Ok(Kernel(function))
}

/// How many blocks of how many threads, with how many bytes of shared memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    pub(crate) blocks: [usize; 3],
    pub(crate) threads: usize,
    pub(crate) shared: usize,
}

impl Grid {
    pub(crate) fn new(blocks: [usize; 3], threads: usize) -> Self {
        Self { blocks, threads, shared: 0 }
    }
}

impl Device {
    /// Starts a kernel behind all that the stream holds.
    ///
    /// # Safety
    /// The arguments are those of this kernel; every address among them holds what the kernel reads or writes there,
    /// and stays valid until it has run.
    pub(crate) unsafe fn launch<A: Arguments>(&self, kernel: Kernel, grid: Grid, arguments: &A) -> Result<()> {
        let attribute = sys::CUlaunchAttribute {
            id: sys::CUlaunchAttributeID::CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION,
            pad: [0; 4],
            value: sys::CUlaunchAttributeValue { programmaticStreamSerializationAllowed: 1 },
        };
        // SAFETY: as promised by the caller.
        unsafe { self.launch_with(kernel, grid, arguments, self.overlaps.then_some(attribute)) }
    }

    /// As [`Device::launch`], for a kernel whose blocks wait for each other: all run at the same time, or none does.
    ///
    /// # Safety
    /// As for [`Device::launch`].
    pub(crate) unsafe fn launch_together<A: Arguments>(&self, kernel: Kernel, grid: Grid, arguments: &A) -> Result<()> {
        let attribute = sys::CUlaunchAttribute {
            id: sys::CUlaunchAttributeID::CU_LAUNCH_ATTRIBUTE_COOPERATIVE,
            pad: [0; 4],
            value: sys::CUlaunchAttributeValue { cooperative: 1 },
        };
        // SAFETY: as promised by the caller.
        unsafe { self.launch_with(kernel, grid, arguments, Some(attribute)) }
    }

    unsafe fn launch_with<A: Arguments>(
        &self,
        kernel: Kernel,
        grid: Grid,
        arguments: &A,
        attribute: Option<sys::CUlaunchAttribute>,
    ) -> Result<()> {
        let mut attributes = attribute;
        let [x, y, z] = grid.blocks.map(|count| count as u32);
        let config = sys::CUlaunchConfig {
            gridDimX: x,
            gridDimY: y,
            gridDimZ: z,
            blockDimX: grid.threads as u32,
            blockDimY: 1,
            blockDimZ: 1,
            sharedMemBytes: grid.shared as u32,
            hStream: self.raw_stream(),
            numAttrs: u32::from(attributes.is_some()),
            attrs: attributes.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut),
        };
        let mut parameters = [std::ptr::from_ref(arguments).cast_mut().cast::<c_void>()];
        // SAFETY: one parameter, as promised by the caller; the driver copies all of this.
        let started =
            unsafe { sys::cuLaunchKernelEx(&config, kernel.0, parameters.as_mut_ptr(), std::ptr::null_mut()) };
        started.result().map_err(driver("start a kernel"))
    }
}
