/**
 * The wheels that the tested version of TensorFlow is built from, with their SHA-256. They are PyPI's, so that another
 * index can only serve the same files. The wheels of CUDA are the newest that TensorFlow 2.21.0 accepts, on 2026-11-29.
 */
export const pinnedWheels: Readonly<Record<string, string>> = {
  "tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl":
    "05af7c26d35f4de910b5598c7b507e3981831a7b0f47fed9a405d995d51d7793",
  "tensorflow-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl":
    "e9d8da8dcab9650efb45f032ba70af2f016f907e6e0c6bda29dd101bba945406",
  "nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl":
    "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
  "nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl":
    "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f",
  "nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl":
    "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
  "nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl":
    "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
  "nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl":
    "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
  "nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl":
    "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
  "nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl":
    "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
  "nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl":
    "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
  "nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl":
    "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
  "nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl":
    "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
  "nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl":
    "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
  "nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl":
    "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
};
